//! Stripe's word that an object of a payment belongs to no other.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use serde::{Deserialize, Serialize};

/// Between an invoice and a payment intent or charge there is nothing: an invoice that was paid by other
/// means than Stripe's, or money that settled no invoice. A link that is known all the same overrules it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentApart {
    /// `in_…`, `pi_…` or `ch_…`
    pub object: Key,
}

impl Kind for PaymentApart {
    fn name(&self) -> &'static str {
        "apart"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        format!("Stripe knows no payment or invoice that {} belongs to", self.object)
    }
}
