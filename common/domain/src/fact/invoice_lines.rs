//! The lines of an invoice that has more than its event carried.

use super::InvoiceLine;
use crate::key::Key;
use serde::{Deserialize, Serialize};

/// The lines of an invoice, as they were fetched. They stand in for those of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLines {
    /// `in_…`
    pub invoice: Key,
    /// In Stripe's order.
    pub lines: Vec<InvoiceLine>,
    /// False when there are more than are fetched.
    pub complete: bool,
}
