//! Credit notes: what an invoice was made smaller by, after it was paid.

use super::kind::{Holds, Kind, money};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A credit note as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteSeen {
    /// `cn_…`
    pub credit_note: String,
    /// `in_…`
    pub invoice: Key,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units credited after the invoice was paid, tax included. What was credited before only
    /// made the invoice smaller, and is not in it; nor is what went to the customer's balance, since
    /// that money stays collected, and what the balance pays later is not.
    pub post_payment: i64,
    /// The refunds through which the credit was given.
    pub refunds: Vec<CreditedRefund>,
    /// Whether it holds.
    pub status: CreditNoteStatus,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
}

/// A refund that gave a credit note's money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditedRefund {
    /// `re_…`, with the connected account where there is one.
    pub refund: String,
    /// Minor units of the refund that belong to the credit note; `None` before 2025-03-31, when it was
    /// the whole refund.
    pub amount: Option<i64>,
}

/// Whether a credit note holds. Its last word is the latest; the order is its usual life, which tells what
/// came last within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditNoteStatus {
    /// It holds.
    Issued,
    /// It never counted.
    Voided,
}

impl CreditNoteStatus {
    /// The rank of a fact with this status, for two of one second.
    #[must_use]
    pub fn rank(self) -> i64 {
        match self {
            Self::Issued => 0,
            Self::Voided => 1,
        }
    }
}

impl Kind for CreditNoteSeen {
    fn name(&self) -> &'static str {
        "credit_note"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::FromItsSecond
    }

    fn in_words(&self) -> String {
        let status = match self.status {
            CreditNoteStatus::Issued => "holds",
            CreditNoteStatus::Voided => "was voided",
        };
        let amount = money(&self.currency, self.post_payment);
        format!("credit note {} of {amount} {status}", self.credit_note)
    }

    fn waits_for_its_payment(&self) -> bool {
        true
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn amounts(&self) -> Vec<i64> {
        self.refunds.iter().filter_map(|refund| refund.amount).chain([self.post_payment]).collect()
    }
}
