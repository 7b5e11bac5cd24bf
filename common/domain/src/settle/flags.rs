//! From when metadata `commission: false` on a customer or a subscription holds (SEMANTICS 6).

use super::KnownFact;
use crate::clock::not_after;
use crate::fact::FactBody;
use crate::key::Key;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What each object said, and when.
#[derive(Debug, Default)]
pub(super) struct CommissionFlags<'a> {
    said: BTreeMap<&'a Key, Vec<Said<'a>>>,
}

/// What an object said from a time on. The order is that of the words: the last by then holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said<'a> {
    /// `None` is "always".
    from: Option<DateTime<Utc>>,
    event: &'a str,
    forbids: bool,
}

impl<'a> CommissionFlags<'a> {
    pub(super) fn of(facts: &'a [KnownFact]) -> Self {
        let mut flags = Self::default();
        for KnownFact { fact, .. } in facts {
            let mut note = |object, forbids, dated: bool| {
                let said = Said { from: dated.then_some(fact.at), event: &fact.event, forbids };
                flags.said.entry(object).or_default().push(said);
            };
            if let FactBody::Customer(seen) = &fact.body {
                note(&seen.customer, seen.no_commission, seen.no_commission_is_dated);
            } else if let FactBody::Subscription(seen) = &fact.body {
                note(&seen.subscription, seen.no_commission, seen.no_commission_is_dated);
            } else if let FactBody::CommissionFlag(flag) = &fact.body {
                note(&flag.object, flag.forbids, true);
            }
        }
        flags
    }

    /// Whether an object forbade commission on a payment of that time.
    pub(super) fn forbid(&self, object: &Key, at: DateTime<Utc>) -> bool {
        let said = self.said.get(object).into_iter().flatten();
        let by_then = said.filter(|said| said.from.is_none_or(|from| not_after(from, at)));
        by_then.max().is_some_and(|said| said.forbids)
    }
}
