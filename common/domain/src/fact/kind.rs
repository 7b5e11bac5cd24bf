//! What every kind of fact is asked.

use super::{Fact, FactBody};
use crate::decision::Audit;
use crate::ids::AffiliateId;
use crate::key::Key;
use crate::money::{Currency, Money};
use crate::origin::Origin;
use chrono::{DateTime, Utc};

/// Since when what a fact says holds, seen from a moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Who somebody is, and which objects are one payment, has no time.
    Always,
    /// From after its time.
    After,
    /// From the second of its time. Stripe counts seconds: what it tells of the moment's own second came after it, as a
    /// caller speaks of what is there.
    FromItsSecond,
}

/// A kind of fact. What the fold, the registry and people ask of each fact is answered beside its type; what is not
/// answered there is as it is of a kind that says nothing of the sort.
pub(super) trait Kind {
    /// Its name, as it is stored beside the body.
    fn name(&self) -> &'static str;

    /// Where it is known from: what its shape is the shape of.
    fn origin(&self) -> Origin;

    /// Since when what it says holds.
    fn holds(&self) -> Holds;

    /// What it says to a person, in a sentence without its end.
    fn in_words(&self) -> String;

    /// Whether it says nothing before a payment is known that it belongs to.
    fn waits_for_its_payment(&self) -> bool {
        false
    }

    /// Whether the versions that were superseded are kept as well. What a payment came to at an earlier moment is told
    /// by the state that its refunds, disputes and decisions had then (SEMANTICS 13).
    fn has_versions(&self) -> bool {
        false
    }

    /// When it shows that a customer exists; `_at` is its event's time. Aliases, touches, reversals and decisions alone
    /// do not: they wait for what they belong to.
    fn seen_at(&self, _at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        None
    }

    /// Whether the customer did something that may earn.
    fn is_an_act(&self) -> bool {
        false
    }

    /// The customer's addresses: the buyer's, where the receipt goes, the payer's.
    fn emails(&self) -> [Option<&str>; 3] {
        [None; 3]
    }

    /// Minor units, and units sold.
    fn amounts(&self) -> Vec<i64> {
        Vec::new()
    }

    /// The codes that it mentions.
    fn codes(&self) -> [Option<&str>; 2] {
        [None; 2]
    }

    /// The affiliate that it names.
    fn affiliate(&self) -> Option<AffiliateId> {
        None
    }

    /// Who decided, when and why.
    fn audit(&self) -> Option<&Audit> {
        None
    }
}

/// The largest amount of a provider's fact that is taken, ten times what people may write: sums of hundreds of them fit
/// 64 bits, and a number that no float can hold is still exact.
const MOST: i64 = 10_000_000_000_000_000;

impl FactBody {
    /// The one list of all kinds.
    fn as_kind(&self) -> &dyn Kind {
        match self {
            Self::Customer(customer) => customer,
            Self::Address(address) => address,
            Self::CommissionFlag(flag) => flag,
            Self::Subscription(subscription) => subscription,
            Self::Session(session) => session,
            Self::Invoice(invoice) => invoice,
            Self::InvoiceLines(lines) => lines,
            Self::Intent(intent) => intent,
            Self::Charge(charge) => charge,
            Self::Alias(alias) => alias,
            Self::Apart(apart) => apart,
            Self::Touch(touch) => touch,
            Self::Refund(refund) => refund,
            Self::ChargeRefunded(refunded) => refunded,
            Self::Balance(moved) => moved,
            Self::Dispute(dispute) => dispute,
            Self::CreditNote(note) => note,
            Self::FraudWarning(warning) => warning,
            Self::Posted(word) => word,
            Self::Referral(referral) => referral,
            Self::Lock(lock) => lock,
            Self::Verdict(verdict) => verdict,
        }
    }

    /// The kind, as it is stored beside the body.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.as_kind().name()
    }

    /// Where it is known from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.as_kind().origin()
    }

    /// The customer's addresses: the buyer's, where the receipt goes, the payer's.
    pub(super) fn emails(&self) -> [Option<&str>; 3] {
        self.as_kind().emails()
    }

    /// An amount that is too large to be settled, if it tells one: sums of others with it would leave 64
    /// bits, and take what else their customer paid with them.
    #[must_use]
    pub fn too_large(&self) -> Option<i64> {
        let beyond = |minor: &i64| minor.unsigned_abs() > MOST.unsigned_abs();
        self.as_kind().amounts().into_iter().find(beyond)
    }

    /// The codes that it mentions, as they were written.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.as_kind().codes().into_iter().flatten()
    }

    /// The affiliate that it names by id.
    #[must_use]
    pub fn affiliate(&self) -> Option<AffiliateId> {
        self.as_kind().affiliate()
    }

    /// Who decided, when and why, where a person did.
    #[must_use]
    pub fn audit(&self) -> Option<&Audit> {
        self.as_kind().audit()
    }

    /// Since when what it says holds.
    pub(crate) fn holds(&self) -> Holds {
        self.as_kind().holds()
    }

    /// Whether the customer did something that may earn.
    #[must_use]
    pub fn is_an_act(&self) -> bool {
        self.as_kind().is_an_act()
    }
}

impl Fact {
    /// Whether the versions that were superseded are kept as well (SEMANTICS 13).
    #[must_use]
    pub fn has_versions(&self) -> bool {
        self.body.as_kind().has_versions()
    }

    /// When it shows that a customer exists.
    #[must_use]
    pub fn seen_at(&self) -> Option<DateTime<Utc>> {
        self.body.as_kind().seen_at(self.at)
    }

    /// What it says, and what it waits for when it does, for a person.
    #[must_use]
    pub fn in_words(&self) -> String {
        let kind = self.body.as_kind();
        let says = kind.in_words();
        match self.identities.as_slice() {
            _ if !kind.waits_for_its_payment() => says,
            [] => format!("{says}: it names no payment"),
            names => format!("{says}: it waits for the payment of {}", list(names, " or ")),
        }
    }
}

/// An amount as a fact has it.
pub(super) fn money(currency: &str, minor: i64) -> String {
    match Currency::stored(currency) {
        Ok(currency) => Money { minor, currency }.to_string(),
        Err(_) => format!("{minor} minor units of {currency}"),
    }
}

/// Keys, one after the other.
pub(super) fn list(keys: &[Key], between: &str) -> String {
    keys.iter().map(Key::as_str).collect::<Vec<_>>().join(between)
}
