//! Invoices and their lines.

use super::kind::{Holds, Kind, money};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A settled invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicePaid {
    /// `in_…`
    pub invoice: Key,
    /// `cus_…`
    pub customer: Option<Key>,
    /// The customer's address on the invoice.
    pub email: Option<String>,
    /// `sub_…`
    pub subscription: Option<Key>,
    /// `pi_…`, before 2025-03-31.
    pub payment_intent: Option<Key>,
    /// `ch_…`, before 2025-03-31.
    pub charge: Option<Key>,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units paid on it.
    pub amount_paid: i64,
    /// Minor units collected beyond what was due, which became the customer's credit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub amount_overpaid: i64,
    /// Minor units, everything included.
    pub total: i64,
    /// Minor units without tax.
    pub total_excluding_tax: i64,
    /// Minor units of shipping without its tax.
    pub shipping: i64,
    /// When it was paid, by Stripe's own record.
    pub paid_at: DateTime<Utc>,
    /// Stripe's `billing_reason`, as it is.
    pub billing_reason: Option<String>,
    /// Metadata `commission: false` on the invoice or on its subscription's snapshot.
    pub no_commission: bool,
    /// The lines that the event carried.
    pub lines: Vec<InvoiceLine>,
    /// False when Stripe sent only the first page of lines.
    pub lines_complete: bool,
}

impl InvoicePaid {
    /// Minor units collected: what was paid on it and beyond it, whether or not the first holds the
    /// second already.
    #[must_use]
    pub fn collected(&self) -> i64 {
        self.amount_paid.max(self.amount_paid.min(self.total).saturating_add(self.amount_overpaid))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// `il_…`
    pub id: String,
    /// Minor units, before tax where Stripe says so; negative for a proration's credit.
    pub amount: i64,
    /// Units sold.
    pub quantity: i64,
    /// `prod_…`
    pub product: Option<String>,
    /// `price_…`
    pub price: Option<String>,
    /// A proration line.
    pub proration: bool,
}

impl Kind for InvoicePaid {
    fn name(&self) -> &'static str {
        "invoice"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        if self.amount_paid <= 0 {
            return format!(
                "invoice {} collected nothing, as in a trial or with a discount of 100%",
                self.invoice
            );
        }
        format!("invoice {} collected {}", self.invoice, money(&self.currency, self.amount_paid))
    }

    fn seen_at(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.paid_at)
    }

    fn is_an_act(&self) -> bool {
        true
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [self.email.as_deref(), None, None]
    }

    fn amounts(&self) -> Vec<i64> {
        let own =
            [self.amount_paid, self.amount_overpaid, self.total, self.total_excluding_tax, self.shipping];
        own.into_iter().chain(self.lines.iter().flat_map(InvoiceLine::amounts)).collect()
    }
}

impl InvoiceLine {
    /// Minor units, and units sold.
    pub(super) fn amounts(&self) -> [i64; 2] {
        [self.amount, self.quantity]
    }
}
