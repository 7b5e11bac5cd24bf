//! A history as it was at a moment (13).

use crate::oracle::model::{Dispute, History, Post, Time, Warning};

/// What had happened by then. Who is who, and what is one payment, has no time; payments are left out by whoever asks.
pub(super) fn at(history: &History, then: Time) -> History {
    let mut past = history.clone();
    for refund in &mut past.refunds {
        refund.states.retain(|(at, _)| *at <= then);
    }
    past.disputes = past
        .disputes
        .into_iter()
        .map(|mut dispute: Dispute| {
            dispute.states.retain(|(at, _)| *at <= then);
            dispute
        })
        .collect();
    past.credit_notes.retain(|note| note.at <= then);
    for note in &mut past.credit_notes {
        note.voided = note.voided.filter(|at| *at <= then);
    }
    past.warnings.retain(|warning: &Warning| warning.at <= then);
    for warning in &mut past.warnings {
        warning.over = warning.over.filter(|at| *at <= then);
    }
    past.verdicts.retain(|verdict| verdict.at <= then);
    past.locks.retain(|lock| lock.at <= then);
    past.referrals.retain(|referral| referral.at <= then);
    for post in &mut past.posts {
        post.revisions.retain(|revision| revision.at <= then);
    }
    past.posts.retain(|post: &Post| !post.revisions.is_empty());
    for customer in &mut past.customers {
        customer.changes.retain(|change| change.at <= then);
        if customer.created > then {
            customer.code = None;
        }
    }
    // 4 c. A subscription's code is met with the subscription, or with the first of its invoices.
    for place in 0..past.subscriptions.len() {
        if super::touches::code_of_subscription(history, place).is_some_and(|(since, ..)| since > then) {
            past.subscriptions[place].code = None;
        }
    }
    past
}
