//! Customers and subscriptions.

use super::Told;
use super::event::{add, add_change, before, customer, metadata, with};
use crate::oracle::model::{Customer, History, Span, Subscription, Time};
use serde_json::{Value, json};

pub(super) fn tell(history: &History, told: &mut Vec<Told>) {
    for customer in history.customers.iter().filter(|customer| customer.told) {
        let created = ("customer.created", customer.created);
        add(history, told, customer.version, created, customer_at(customer, customer.created));
        let changes = customer.changes.iter().map(|change| change.at);
        let times = times(customer.no_commission, changes, customer.created, customer.deleted);
        for at in times {
            let before = before(customer.forbids_at(at - 1), customer.forbids_at(at));
            let updated = ("customer.updated", at);
            add_change(history, told, customer.version, updated, customer_at(customer, at), before);
        }
        if let Some(deleted) = customer.deleted {
            let object = customer_at(customer, deleted);
            add(history, told, customer.version, ("customer.deleted", deleted), object);
        }
    }
    for subscription in history.subscriptions.iter().filter(|subscription| subscription.told) {
        let object = |status: &str, at| subscription_at(history, subscription, status, at);
        let created = ("customer.subscription.created", subscription.created);
        add(history, told, subscription.version, created, object("active", subscription.created));
        let (since, until) = (subscription.created, subscription.cancelled);
        for at in times(subscription.no_commission, subscription.renewed.iter().copied(), since, until) {
            let before = before(subscription.forbids_at(at - 1), subscription.forbids_at(at));
            let updated = ("customer.subscription.updated", at);
            add_change(history, told, subscription.version, updated, object("active", at), before);
        }
        if let Some(cancelled) = subscription.cancelled {
            let deleted = ("customer.subscription.deleted", cancelled);
            add(history, told, subscription.version, deleted, object("canceled", cancelled));
        }
    }
}

/// When something is changed: after it was made and before its end.
fn times(
    wish: Option<Span>,
    changes: impl Iterator<Item = Time>,
    since: Time,
    end: Option<Time>,
) -> Vec<Time> {
    let wishes = wish.into_iter().flat_map(|span| [Some(span.from), span.until]).flatten();
    let within = |at: &Time| since < *at && end.is_none_or(|end| *at < end);
    let mut times: Vec<Time> = wishes.chain(changes).filter(within).collect();
    times.sort_unstable();
    times.dedup();
    times
}

fn customer_at(customer: &Customer, at: Time) -> Value {
    let mut codes = customer.changes.iter().rev().filter(|change| change.at <= at);
    let code = codes.find_map(|change| change.code.as_deref()).or(customer.code.as_deref());
    json!({
        "id": customer.id, "object": "customer", "email": customer.email_at(at), "created": customer.created,
        "metadata": metadata(code, customer.forbids_at(at)),
    })
}

fn subscription_at(history: &History, subscription: &Subscription, status: &str, at: Time) -> Value {
    let object = json!({
        "id": subscription.id, "object": "subscription", "status": status, "created": subscription.created,
        "metadata": metadata(subscription.code.as_deref(), subscription.forbids_at(at)),
    });
    with(object, customer(Some(&history.customers[subscription.customer])))
}
