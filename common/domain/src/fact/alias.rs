//! Which objects belong to one payment.

use super::kind::{Holds, Kind, list};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use serde::{Deserialize, Serialize};

/// Objects that belong to one payment: any of session, payment intent, charge, invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAlias {
    /// Two or more keys.
    pub objects: Vec<Key>,
    /// Metadata `commission: false` on the charge or the payment intent that told it (SEMANTICS 6).
    #[serde(default)]
    pub no_commission: bool,
}

impl Kind for PaymentAlias {
    fn name(&self) -> &'static str {
        "alias"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        format!("{} are one payment", list(&self.objects, " and "))
    }
}
