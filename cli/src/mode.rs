//! `--mode`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use domain::ids::Mode;

/// Reads `test` or `live`, and names both in the help.
pub(crate) fn parser() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(["test", "live"]).try_map(|text| text.parse())
}
