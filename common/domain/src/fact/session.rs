//! Checkout sessions.

use super::kind::{Holds, Kind, money};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A completed checkout session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCompleted {
    /// `cs_…`
    pub session: Key,
    /// Payment, subscription or setup.
    pub mode: SessionMode,
    /// Whether money was collected.
    pub payment_status: SessionPaymentStatus,
    /// `cus_…`; none for a guest.
    pub customer: Option<Key>,
    /// The address the customer gave.
    pub email: Option<String>,
    /// `pi_…`, in payment mode.
    pub payment_intent: Option<Key>,
    /// `in_…`: the payment is that invoice's.
    pub invoice: Option<Key>,
    /// `sub_…`, in subscription mode.
    pub subscription: Option<Key>,
    /// ISO 4217, lower case.
    pub currency: Option<String>,
    /// Minor units, everything included.
    pub amount_total: i64,
    /// Minor units of tax in it.
    pub amount_tax: i64,
    /// Minor units of shipping in it.
    pub amount_shipping: i64,
    /// When this state was reached: the event's time.
    pub completed_at: DateTime<Utc>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// A session's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// One payment.
    Payment,
    /// A subscription; its money comes by invoice.
    Subscription,
    /// No money: a payment method is stored.
    Setup,
}

/// Whether a session's money was collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPaymentStatus {
    /// A trial or a discount of 100 %: a lead, no payment.
    NoPaymentRequired,
    /// A delayed payment method that has not settled.
    Unpaid,
    /// Collected.
    Paid,
}

impl Kind for SessionCompleted {
    fn name(&self) -> &'static str {
        "session"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let outcome = match (self.mode, self.payment_status, &self.invoice) {
            (SessionMode::Setup, _, _) => "it stores a payment method and collects nothing".to_owned(),
            (_, SessionPaymentStatus::Unpaid, _) => {
                "its delayed payment has not been collected yet".to_owned()
            }
            (_, SessionPaymentStatus::NoPaymentRequired, _) => {
                "it collects nothing, as in a trial or with a discount of 100%".to_owned()
            }
            (_, SessionPaymentStatus::Paid, Some(invoice)) => {
                format!("its money is invoice {invoice}, which has not come")
            }
            (SessionMode::Subscription, SessionPaymentStatus::Paid, None) => {
                "its money is the subscription's first invoice, which has not come".to_owned()
            }
            (SessionMode::Payment, SessionPaymentStatus::Paid, None) => {
                let total = self.currency.as_deref().map(|currency| money(currency, self.amount_total));
                format!("it collected {}", total.unwrap_or_else(|| "nothing".to_owned()))
            }
        };
        format!("checkout session {}: {outcome}", self.session)
    }

    fn seen_at(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(at)
    }

    fn is_an_act(&self) -> bool {
        true
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [self.email.as_deref(), None, None]
    }

    fn amounts(&self) -> Vec<i64> {
        vec![self.amount_total, self.amount_tax, self.amount_shipping]
    }
}
