//! A payment's rank among its customer's.

use crate::fact::ConversionKind;
use crate::key::Key;
use crate::settle::attribution::Binds;
use crate::settle::payments::Payment;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A payment's place among the customer's, and the time of the first (SEMANTICS 10).
#[derive(Clone, Copy, Debug)]
pub(super) struct Ordinal {
    pub(super) n: u32,
    pub(super) first_paid_at: DateTime<Utc>,
}

/// Ranks each person's positive attributed payments by time and key. A payment that carries
/// `commission: false` takes no rank, since it uses none up.
pub(super) fn ordinals(payments: &[Payment<'_>], binds: &Binds) -> BTreeMap<Key, Ordinal> {
    let mut by_person: BTreeMap<Option<&Key>, Vec<&Payment<'_>>> = BTreeMap::new();
    for payment in payments {
        let positive = payment.money.is_some_and(|money| money.base > 0);
        let attributed = binds.of_payment.get(&payment.key).is_some_and(|judgement| judgement.bind.is_some());
        let skipped = payment.no_commission.is_some();
        if positive && attributed && !skipped && payment.kind() == ConversionKind::Purchase {
            by_person.entry(payment.person.as_ref()).or_default().push(payment);
        }
    }
    let mut ordinals = BTreeMap::new();
    for mut payments in by_person.into_values() {
        payments.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
        let Some(first_paid_at) = payments.first().map(|payment| payment.at) else { continue };
        for (n, payment) in (1u32..).zip(payments) {
            ordinals.insert(payment.key.clone(), Ordinal { n, first_paid_at });
        }
    }
    ordinals
}
