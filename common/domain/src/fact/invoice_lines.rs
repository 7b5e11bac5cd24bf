//! The lines of an invoice that has more than its event carried.

use super::InvoiceLine;
use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
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

impl Kind for InvoiceLines {
    fn name(&self) -> &'static str {
        "invoice_lines"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        format!("invoice {} has {} lines, fetched from Stripe", self.invoice, self.lines.len())
    }

    fn amounts(&self) -> Vec<i64> {
        self.lines.iter().flat_map(InvoiceLine::amounts).collect()
    }
}
