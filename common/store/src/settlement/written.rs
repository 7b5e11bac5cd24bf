//! Rows of conversions as the fold leaves them, for whatever is written after them.

use super::cause::Cause;
use domain::ids::{AffiliateId, ConversionId, Realm};
use domain::key::Key;
use domain::settle::{Conversion, SaidPaid};

/// A conversion, an affiliate and a currency.
pub(super) type Account = (ConversionId, AffiliateId, String);

/// Amounts of one conversion, affiliate and currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    /// First earned.
    pub(super) earned: i64,
    /// Taken back.
    pub(super) clawed_back: i64,
    /// Held by a dispute.
    pub(super) held: i64,
    /// Left by the word of callers of the REST API; payouts are not in it.
    pub(super) paid: i64,
}

impl Amounts {
    /// What a conversion's row says; what has left is told apart ([`super::said_paid`]).
    pub(super) fn of_row(earned: i64, clawed_back: i64, held: i64) -> Self {
        Self { earned, clawed_back, held, paid: 0 }
    }
}

/// A conversion's row after the fold, and what the ledger has to say of it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) id: ConversionId,
    pub(super) affiliate: Option<AffiliateId>,
    pub(super) currency: String,
    pub(super) amounts: Amounts,
    /// Whether callers of the REST API said anything of its payment.
    pub(super) is_posted: bool,
    /// What callers said has left.
    pub(super) said_paid: Vec<SaidPaid>,
    /// Names of its payment, of which some may lead elsewhere yet.
    pub(super) keys: Vec<(Realm, Key)>,
    /// The row's own.
    pub(super) payment: Option<Key>,
    /// The payment's own event, when it is settled for the first time: that it earns needs no other.
    pub(super) first: Option<String>,
    /// What brought about any other movement.
    pub(super) cause: Cause,
    pub(super) rule: Option<i64>,
    /// Whether anything about the row is new.
    pub(super) changed: bool,
    /// Whether the row was made just now: nothing is posted for it yet.
    pub(super) is_new: bool,
}

impl Written {
    /// With what the fold says beside the row.
    pub(super) fn told_by(self, realm: Realm, conversion: &Conversion) -> Self {
        let keys = conversion.aliases.iter().map(|key| (realm, key.clone())).collect();
        let is_posted = conversion.posted.is_some();
        Self { is_posted, said_paid: conversion.said_paid.clone(), keys, ..self }
    }
}
