//! Which objects belong to one payment.

use crate::key::Key;
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
