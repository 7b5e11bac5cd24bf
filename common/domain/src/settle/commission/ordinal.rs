//! A payment's rank among its customer's.

use crate::fact::ConversionKind;
use crate::key::Key;
use crate::settle::attribution::Binds;
use crate::settle::payments::Payment;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A payment's place among the customer's, and the time of the first (SEMANTICS 10).
#[derive(Clone, Copy, Debug)]
pub(in crate::settle) struct Ordinal {
    pub(in crate::settle) n: u32,
    pub(in crate::settle) first_paid_at: DateTime<Utc>,
}

/// By the payment's key.
pub(in crate::settle) type Ordinals = BTreeMap<Key, Ordinal>;

/// Whether a payment takes a rank: one that is positive and attributed. One that carries `commission: false` takes none,
/// since it uses none up.
pub(in crate::settle) fn is_ranked(payment: &Payment<'_>, binds: &Binds) -> bool {
    let positive = payment.money.is_some_and(|money| money.base > 0);
    let attributed = binds.of_payment.get(&payment.key).is_some_and(|judgement| judgement.bind.is_some());
    let skipped = payment.no_commission.is_some();
    positive && attributed && !skipped && payment.kind() == ConversionKind::Purchase
}

/// Ranks each person's payments by time and key.
pub(in crate::settle) fn ordinals(payments: &[Payment<'_>], binds: &Binds) -> Ordinals {
    let mut by_person: BTreeMap<Option<&Key>, Vec<&Payment<'_>>> = BTreeMap::new();
    for payment in payments.iter().filter(|payment| is_ranked(payment, binds)) {
        by_person.entry(payment.person.as_ref()).or_default().push(payment);
    }
    let mut ordinals = Ordinals::new();
    for mut payments in by_person.into_values() {
        payments.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
        let Some(first_paid_at) = payments.first().map(|payment| payment.at) else { continue };
        for (n, payment) in (1u32..).zip(payments) {
            ordinals.insert(payment.key.clone(), Ordinal { n, first_paid_at });
        }
    }
    ordinals
}
