//! Customers and subscriptions.

use super::Told;
use super::event::{add, metadata};
use crate::oracle::model::History;
use serde_json::json;

pub(super) fn tell(history: &History, told: &mut Vec<Told>) {
    for customer in history.customers.iter().filter(|customer| customer.told) {
        let mut email = customer.email.as_deref();
        let mut code = customer.code.as_deref();
        let object = |email: Option<&str>, code: Option<&str>| {
            json!({
                "id": customer.id, "object": "customer", "email": email, "created": customer.created,
                "metadata": metadata(code, customer.no_commission),
            })
        };
        let created = ("customer.created", customer.created);
        add(history, told, customer.version, created, object(email, code));
        for change in &customer.changes {
            email = change.email.as_deref().or(email);
            code = change.code.as_deref().or(code);
            add(history, told, customer.version, ("customer.updated", change.at), object(email, code));
        }
        if let Some(deleted) = customer.deleted {
            add(history, told, customer.version, ("customer.deleted", deleted), object(email, code));
        }
    }
    for subscription in history.subscriptions.iter().filter(|subscription| subscription.told) {
        let object = |status: &str| {
            json!({
                "id": subscription.id, "object": "subscription", "status": status,
                "customer": history.customers[subscription.customer].id, "created": subscription.created,
                "metadata": metadata(subscription.code.as_deref(), subscription.no_commission),
            })
        };
        let created = ("customer.subscription.created", subscription.created);
        add(history, told, subscription.version, created, object("active"));
        if let Some(cancelled) = subscription.cancelled {
            let deleted = ("customer.subscription.deleted", cancelled);
            add(history, told, subscription.version, deleted, object("canceled"));
        }
    }
}
