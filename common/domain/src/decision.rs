//! What people decide, against or beside the rules: whom a customer is locked to, and what becomes
//! of the commission of one payment.
//!
//! A decision is a fact like any other, kept in the inbox, so that a replay has it. Of two on one
//! subject the later one stands, by the number that the store gave it.

use super::ids::AffiliateId;
use super::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A customer is locked to an affiliate or to nobody, whatever codes and binds say (SEMANTICS 4 a).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// `cus_…`, `user:…`, or `email:…`: then everybody who carries that address.
    pub customer: Key,
    /// Whom to.
    pub to: LockedTo,
    /// Who decided, when and why.
    #[serde(flatten)]
    pub audit: Audit,
}

/// Whom a customer is locked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockedTo {
    /// All payments of the customer are that affiliate's.
    Affiliate(AffiliateId),
    /// No payment of the customer earns anybody anything.
    Nobody,
    /// To no one in particular any more: codes and binds decide again.
    Released,
}

impl LockedTo {
    /// The affiliate, when it is to one.
    #[must_use]
    pub fn affiliate(self) -> Option<AffiliateId> {
        match self {
            Self::Affiliate(affiliate) => Some(affiliate),
            Self::Nobody | Self::Released => None,
        }
    }
}

/// What becomes of the commission of one payment (SEMANTICS 14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Any key of the payment.
    pub payment: Key,
    /// What becomes of it.
    pub ruling: Ruling,
    /// Who decided, when and why.
    #[serde(flatten)]
    pub audit: Audit,
}

/// What a person may decide of a commission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// All that is left of it is held.
    Hold,
    /// It is earned as the rules say. Lifts what was held or rejected by a person, or as a purchase
    /// of the affiliate's own; what is disputed stays held.
    Release,
    /// Nothing of it is owed.
    Reject,
}

/// Who decided, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Who, as they are known where the decision was made.
    pub actor: String,
    /// Why, in their own words.
    pub reason: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl fmt::Display for Audit {
    /// `by bob on 2026-01-31, because "they paid twice"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, reason, decided_at } = self;
        write!(f, "by {actor} on {}, because {reason:?}", decided_at.format("%Y-%m-%d"))
    }
}
