//! What may still find its counterpart: money that waits for an invoice, and invoices that wait for their money.

use crate::key::{Key, KeyKind};
use crate::settle::KnownFact;
use crate::settle::payments::unclaimed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// More than these are counted, and no longer named.
const NAMED: usize = 8;

/// Both sides of the claims that may be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    money: usize,
    invoices: usize,
    /// All of them, as long as they are few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    named: Option<BTreeSet<Key>>,
}

impl Open {
    pub(super) fn of(facts: &[KnownFact]) -> Self {
        let keys = unclaimed(facts);
        let invoices = keys.iter().filter(|key| key.kind() == KeyKind::Invoice).count();
        let money = keys.len().saturating_sub(invoices);
        Self { money, invoices, named: (keys.len() <= NAMED).then_some(keys) }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.named.iter().flatten()
    }

    /// What is open once some payments have changed; `None` where one of them may claim, or have claimed, what belongs
    /// to none of them.
    pub(super) fn next(&self, before: &[KnownFact], after: &[KnownFact]) -> Option<Self> {
        let (before, after) = (Self::of(before), Self::of(after));
        let money = self.money.checked_sub(before.money)?;
        let invoices = self.invoices.checked_sub(before.invoices)?;
        let meets_others = |one: &Self| (one.money > 0 && invoices > 0) || (one.invoices > 0 && money > 0);
        if meets_others(&before) || meets_others(&after) {
            return None;
        }
        let named = self.named.as_ref().zip(before.named.as_ref()).zip(after.named.as_ref());
        let named =
            named.map(|((all, before), after)| all.difference(before).chain(after).cloned().collect());
        let (money, invoices) = (money.saturating_add(after.money), invoices.saturating_add(after.invoices));
        Some(Self { money, invoices, named: named.filter(|keys: &BTreeSet<Key>| keys.len() <= NAMED) })
    }
}
