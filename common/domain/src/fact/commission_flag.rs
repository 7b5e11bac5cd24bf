//! Metadata `commission: false`, from when it was said.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
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

impl Kind for CommissionFlag {
    fn name(&self) -> &'static str {
        "commission_flag"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        let says = if self.forbids { "says" } else { "does no more say" };
        format!("{} {says} commission: false", self.object)
    }
}
