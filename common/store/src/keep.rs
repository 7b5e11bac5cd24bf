//! Which of two facts is kept, as two columns of `facts` say it.

use domain::fact::Keep;

/// From `keep_first` and `keep_latest`.
pub(crate) fn keep(first: bool, latest: bool) -> Keep {
    match (first, latest) {
        (true, _) => Keep::First,
        (false, true) => Keep::Latest,
        (false, false) => Keep::Highest,
    }
}
