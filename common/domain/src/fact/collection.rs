//! Money that a payment intent or a legacy charge collected, and how it may belong to an invoice.

use super::kind::{Holds, Kind, money};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A payment intent that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentSucceeded {
    /// `pi_…`
    pub payment_intent: Key,
    /// The charge that succeeded: `ch_…`
    pub charge: Option<Key>,
    /// `cus_…`; none for a guest.
    pub customer: Option<Key>,
    /// The address that the receipt went to, of a guest.
    pub email: Option<String>,
    /// The address of the payment method's billing details, of a guest.
    #[serde(default)]
    pub billing_email: Option<String>,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units received. Tax and shipping are not known.
    pub amount_received: i64,
    /// Minor units that were authorised and not captured: Stripe releases them. `None` where the object
    /// does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncaptured: Option<i64>,
    /// Whether it settles an invoice.
    pub invoiced: Invoiced,
    /// When it succeeded: the event's time.
    pub succeeded_at: DateTime<Utc>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// A charge that was captured. The money is its payment intent's, if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeSucceeded {
    /// `ch_…` or `py_…`
    pub charge: Key,
    /// `pi_…`; none for a legacy charge.
    pub payment_intent: Option<Key>,
    /// `cus_…`; none for a guest.
    pub customer: Option<Key>,
    /// The address that the receipt went to, of a guest.
    pub email: Option<String>,
    /// The address of the payment method's billing details, of a guest.
    #[serde(default)]
    pub billing_email: Option<String>,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units captured. Tax and shipping are not known.
    pub amount_captured: i64,
    /// Minor units that were authorised and not captured: Stripe releases them. `None` where the object
    /// does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncaptured: Option<i64>,
    /// Whether it settles an invoice.
    pub invoiced: Invoiced,
    /// When it was captured: the event's time.
    pub succeeded_at: DateTime<Utc>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// Whether collected money settles an invoice, as far as its object says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Invoiced {
    /// It names the invoice: as its own field before 2025-03-31, as its order's reference after.
    By {
        /// `in_…`
        invoice: Key,
    },
    /// It says that there is none; only versions before 2025-03-31 can.
    Never,
    /// Its description is one that Stripe writes on the payments of invoices.
    Hinted,
    /// It says nothing.
    Unsaid,
}

impl Invoiced {
    /// Why money that was collected is no payment of its own.
    fn in_words(&self) -> String {
        match self {
            Self::Never => String::new(),
            Self::Hinted => ", for an invoice that has not come: it waits for it".to_owned(),
            Self::Unsaid => ", and does not say whether for an invoice".to_owned(),
            Self::By { invoice } => format!(", for invoice {invoice}, which has not come: it waits for it"),
        }
    }

    /// The invoice, where one is named.
    #[must_use]
    pub fn invoice(&self) -> Option<&Key> {
        match self {
            Self::By { invoice } => Some(invoice),
            Self::Never | Self::Hinted | Self::Unsaid => None,
        }
    }
}

impl Kind for IntentSucceeded {
    fn name(&self) -> &'static str {
        "intent"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let received = money(&self.currency, self.amount_received);
        format!("payment intent {} collected {received}{}", self.payment_intent, self.invoiced.in_words())
    }

    fn seen_at(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.succeeded_at)
    }

    fn is_an_act(&self) -> bool {
        true
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [None, self.email.as_deref(), self.billing_email.as_deref()]
    }

    fn amounts(&self) -> Vec<i64> {
        [self.amount_received].into_iter().chain(self.uncaptured).collect()
    }
}

impl Kind for ChargeSucceeded {
    fn name(&self) -> &'static str {
        "charge"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let captured = money(&self.currency, self.amount_captured);
        format!("charge {} collected {captured}{}", self.charge, self.invoiced.in_words())
    }

    fn seen_at(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.succeeded_at)
    }

    fn is_an_act(&self) -> bool {
        true
    }

    fn emails(&self) -> [Option<&str>; 3] {
        [None, self.email.as_deref(), self.billing_email.as_deref()]
    }

    fn amounts(&self) -> Vec<i64> {
        [self.amount_captured].into_iter().chain(self.uncaptured).collect()
    }
}
