//! The fold: from the facts of a cluster to the customers, conversions and commissions they imply.
//!
//! [`settle`] is pure. It is called when a batch is settled, when the ledger is replayed, when
//! other rules are tried on history and when a payment is explained; each time the same facts give
//! the same answer, in whatever order they came (SEMANTICS 3).
//!
//! ```text
//! facts ─▶ people    who is one customer            (people)
//!       ─▶ payments  what is one payment, its money (payments)
//!       ─▶ binds     which affiliate, since when    (attribution)
//!       ─▶ amounts   commission, clawback, hold     (commission)
//! ```

mod aliases;
mod attribution;
mod commission;
mod customer;
mod decisions;
mod flags;
mod outcome;
mod past;
mod payments;
mod people;
mod said_paid;
#[cfg(test)]
mod tests;
mod versions;

pub use aliases::aliases;
pub use outcome::{
    AppliedRule, Arithmetic, Bind, CandidateStory, Conversion, ConversionStatus, Customer, CustomerStatus,
    Evidence, Explanation, Method, RatedLine, RuleKind, RuleStory, SaidPaid, Settlement,
};
pub use past::{Division, Past, Touched};

use super::clock::not_after;
use super::directory::Directory;
use super::fact::Fact;
use super::rules::RuleVersion;
use chrono::{DateTime, Utc};
use people::People;
use std::borrow::Cow;

/// A fact that was kept, and when it was first received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFact {
    /// The fact.
    pub fact: Fact,
    /// The earliest receipt of any event that told it. Only a code's age is measured by it: a code
    /// that existed when a payment arrived was not created for it afterwards, however old the
    /// payment is.
    pub received_at: DateTime<Utc>,
    /// The earliest [`Fact::told_at`] of any event that told it. Of a thing that changes the latest state is kept, and is later
    /// with each event; since when it is known does not change with that (ADR 56).
    pub first_at: DateTime<Utc>,
}

impl KnownFact {
    /// A fact that one event has told.
    #[must_use]
    pub fn new(fact: Fact, received_at: DateTime<Utc>) -> Self {
        Self { received_at, first_at: fact.told_at(), fact }
    }

    /// Takes in what another event told of the same: of two facts with one natural key one is kept, with the earlier times of
    /// either.
    pub fn meet(&mut self, other: &Self) {
        if other.fact.supersedes(&self.fact) {
            self.fact = other.fact.clone();
        }
        self.received_at = self.received_at.min(other.received_at);
        self.first_at = self.first_at.min(other.first_at);
    }

    /// Since when it shows that a customer exists; `None` of what waits for what it belongs to.
    fn seen_at(&self) -> Option<DateTime<Utc>> {
        self.fact.shows_a_customer().then_some(self.first_at)
    }
}

/// Why a cluster cannot be folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// An amount left 64 bits.
    #[error("the amounts of {0} are too large to compute with")]
    Overflow(String),
    /// No version of the rules holds at the payment's time.
    #[error("the project has no rules for the time of {0}")]
    NoRules(String),
}

/// Folds the facts of one cluster into the state they imply.
///
/// `facts` may hold several versions of one thing ([`Fact::has_versions`]); `rules` are all versions of the project's
/// rules; `directory` must hold whatever the facts mention ([`Mentions`](super::directory::Mentions)) as far as it
/// exists.
///
/// # Errors
/// When an amount overflows or no rules hold.
pub fn settle(
    facts: &[KnownFact],
    rules: &[RuleVersion],
    directory: &Directory,
) -> Result<Settlement, SettleError> {
    Ok(settle_all(facts, rules, directory, usize::MAX)?.0)
}

/// Payments of one customer, or people, from which on a history is long. What is shorter is folded from the beginning in less time.
pub const LONG: usize = 8;

/// The same and, of `long` payments or people and more, what is to be kept of them so that the next fact can be settled without
/// the others.
///
/// # Errors
/// As [`settle`].
pub fn settle_all(
    facts: &[KnownFact],
    rules: &[RuleVersion],
    directory: &Directory,
    long: usize,
) -> Result<(Settlement, Option<Past>), SettleError> {
    let versioned = facts.iter().any(|known| known.fact.has_versions());
    let now = if versioned { Cow::Owned(versions::kept(facts)) } else { Cow::Borrowed(facts) };
    let people = people::people(&now, directory);
    let (mut settlement, past) = fold(&now, &people, rules, directory, long)?;
    let fold_then = |then: &[KnownFact]| Ok(fold(then, &people, rules, directory, usize::MAX)?.0);
    said_paid::cover(&mut settlement, facts, fold_then)?;
    Ok((settlement, past))
}

fn fold(
    facts: &[KnownFact],
    people: &People,
    rules: &[RuleVersion],
    directory: &Directory,
    long: usize,
) -> Result<(Settlement, Option<Past>), SettleError> {
    let payments = payments::payments(facts, people)?;
    let decisions = decisions::Decisions::of(facts);
    let world = attribution::World { rules, directory };
    let binds = attribution::attribute(facts, people, &payments, world, &decisions, None)?;
    let past = Past::of(facts, people, &payments, &binds, world, long);
    Ok((commission::settlement(people, &payments, binds, rules, directory, &decisions)?, past))
}

/// The version of the rules that judges a payment of that time: the last one valid by then.
fn rules_at(rules: &[RuleVersion], at: DateTime<Utc>) -> Option<&RuleVersion> {
    rules
        .iter()
        .filter(|version| version.valid_from.is_none_or(|from| not_after(from, at)))
        .max_by_key(|version| (version.valid_from, version.id))
}
