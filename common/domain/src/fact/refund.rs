//! Refunds, one by one and in all.

use super::kind::{Holds, Kind, money};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSeen {
    /// `re_…`
    pub refund: String,
    /// `ch_…`
    pub charge: Option<Key>,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// Minor units of this refund alone.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
}

/// Where a refund stands. Its last word is the latest; the order is its usual life, which tells what
/// came last within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Not yet money.
    Pending,
    /// Money went back.
    Succeeded,
    /// It failed, also after it had succeeded.
    Failed,
    /// It was canceled.
    Canceled,
}

impl RefundStatus {
    /// The rank of a fact with this status, for two of one second.
    #[must_use]
    pub fn rank(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Succeeded => 1,
            Self::Failed => 2,
            Self::Canceled => 3,
        }
    }
}

/// What a charge says was refunded in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRefunded {
    /// `ch_…`
    pub charge: Key,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// `in_…`, before 2025-03-31.
    pub invoice: Option<Key>,
    /// Minor units, cumulative, what was released uncaptured included.
    pub amount_refunded: i64,
    /// Minor units captured, where the charge says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_captured: Option<i64>,
    /// Minor units that were authorised and not captured: Stripe releases them. `None` where the object
    /// does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncaptured: Option<i64>,
    /// ISO 4217, lower case.
    pub currency: String,
}

impl Kind for RefundSeen {
    fn name(&self) -> &'static str {
        "refund"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::FromItsSecond
    }

    fn in_words(&self) -> String {
        let status = match self.status {
            RefundStatus::Pending => "is pending and takes nothing back yet",
            RefundStatus::Succeeded => "takes its share back as soon as its payment is known",
            RefundStatus::Failed => "has failed and takes nothing back",
            RefundStatus::Canceled => "was canceled and takes nothing back",
        };
        format!("refund {} of {} {status}", self.refund, money(&self.currency, self.amount))
    }

    fn waits_for_its_payment(&self) -> bool {
        true
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn amounts(&self) -> Vec<i64> {
        vec![self.amount]
    }
}

impl Kind for ChargeRefunded {
    fn name(&self) -> &'static str {
        "charge_refunded"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::FromItsSecond
    }

    fn in_words(&self) -> String {
        let amount = money(&self.currency, self.amount_refunded);
        format!("of charge {} {amount} went back in all", self.charge)
    }

    fn waits_for_its_payment(&self) -> bool {
        true
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn amounts(&self) -> Vec<i64> {
        [self.amount_refunded].into_iter().chain(self.amount_captured).chain(self.uncaptured).collect()
    }
}
