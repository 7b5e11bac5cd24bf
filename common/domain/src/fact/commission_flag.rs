//! Metadata `commission: false`, from when it was said.

use crate::key::Key;
use serde::{Deserialize, Serialize};

/// What a customer's or a subscription's metadata said of commission from a time on (SEMANTICS 6). The
/// snapshot of the object has only what was said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionFlag {
    /// `cus_…` or `sub_…`
    pub object: Key,
    /// Whether it forbids commission; false where it did and does no more.
    pub forbids: bool,
}
