//! What was authorised and never captured: money that Stripe releases and counts as refunded, although it
//! was never collected (SEMANTICS 11).

use crate::fact::{ChargeRefunded, RefundSeen};
use crate::key::Key;
use crate::settle::payments::collection::Collections;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How far from a capture the refund that stands for its release may be made. Stripe makes it with the
/// capture; a refund of the same amount on another day gives money back.
const AT_ONCE: TimeDelta = TimeDelta::days(1);

/// The captures of one payment, by each key of theirs and the currency.
#[derive(Debug, Default)]
pub(super) struct Released<'a> {
    by_key: BTreeMap<(&'a Key, &'a str), Capture>,
}

/// What one intent or charge says of its capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Capture {
    /// Minor units authorised and not captured: the least that is known, since captures only add.
    uncaptured: i64,
    /// When the last of it was captured, where that is known.
    at: Option<DateTime<Utc>>,
}

impl<'a> Released<'a> {
    pub(super) fn of(collections: &Collections<'a>, refunded: &[&'a ChargeRefunded]) -> Self {
        let mut released = Self::default();
        for one in collections.all() {
            released.note([Some(one.object), one.partner], one.currency, one.uncaptured, Some(one.at));
        }
        for one in refunded {
            let keys = [Some(&one.charge), one.payment_intent.as_ref()];
            released.note(keys, &one.currency, one.uncaptured, None);
        }
        released
    }

    fn note(
        &mut self,
        keys: [Option<&'a Key>; 2],
        currency: &'a str,
        uncaptured: Option<i64>,
        at: Option<DateTime<Utc>>,
    ) {
        let Some(uncaptured) = uncaptured else { return };
        let uncaptured = uncaptured.max(0);
        for key in keys.into_iter().flatten() {
            let known = self.by_key.entry((key, currency)).or_insert(Capture { uncaptured, at });
            *known = Capture { uncaptured: known.uncaptured.min(uncaptured), at: known.at.max(at) };
        }
    }

    /// Minor units of a charge that were released, by the charge's own key or its intent's: none in another currency.
    pub(super) fn of_charge(&self, key: Option<&Key>, currency: &str) -> i64 {
        key.and_then(|key| self.by_key.get(&(key, currency))).map_or(0, |capture| capture.uncaptured)
    }

    /// Whether a refund looks like the release itself: the same amount, made with the capture.
    pub(super) fn is_release(&self, refund: &RefundSeen) -> bool {
        let keys = [refund.charge.as_ref(), refund.payment_intent.as_ref()];
        let captures =
            keys.into_iter().flatten().filter_map(|key| self.by_key.get(&(key, refund.currency.as_str())));
        captures.min_by_key(|capture| capture.uncaptured).is_some_and(|capture| {
            let in_time = |at| refund.created.signed_duration_since(at).abs() <= AT_ONCE;
            capture.uncaptured > 0 && refund.amount == capture.uncaptured && capture.at.is_none_or(in_time)
        })
    }
}
