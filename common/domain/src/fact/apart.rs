//! Stripe's word that an object of a payment belongs to no other.

use crate::key::Key;
use serde::{Deserialize, Serialize};

/// Between an invoice and a payment intent or charge there is nothing: an invoice that was paid by other
/// means than Stripe's, or money that settled no invoice. A link that is known all the same overrules it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentApart {
    /// `in_…`, `pi_…` or `ch_…`
    pub object: Key,
}
