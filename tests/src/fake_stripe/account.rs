//! What an account has: objects as they stand, and the events that told them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::form::Form;
use super::list::{self, Query};
use super::{endpoints, promotion_codes};
use crate::oracle::render::Told;
use axum::http::StatusCode;
use chrono::DateTime;
use queue::envelope::Source;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stripe::history::{HistoryEvent as Listed, List};

/// For how long Stripe keeps events.
const KEPT: i64 = 30 * 86_400;

/// For how long a session is open before it is completed.
const BEFORE_COMPLETION: i64 = 600;

/// The paths of lists, by what their objects are called.
const LISTS: [(&str, &str); 13] = [
    ("coupon", "/v1/coupons"),
    ("promotion_code", "/v1/promotion_codes"),
    ("customer", "/v1/customers"),
    ("checkout.session", "/v1/checkout/sessions"),
    ("subscription", "/v1/subscriptions"),
    ("invoice", "/v1/invoices"),
    ("invoice_payment", "/v1/invoice_payments"),
    ("payment_intent", "/v1/payment_intents"),
    ("charge", "/v1/charges"),
    ("refund", "/v1/refunds"),
    ("dispute", "/v1/disputes"),
    ("credit_note", "/v1/credit_notes"),
    ("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings"),
];

/// An account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// By id.
    pub objects: BTreeMap<String, Value>,
    /// Its events.
    pub events: Vec<Value>,
    /// Its webhook endpoints.
    pub endpoints: Vec<Value>,
    /// Paths that the key may not read.
    pub forbidden: Vec<String>,
    /// What was answered to posts, by their idempotency keys.
    pub answered: BTreeMap<String, Value>,
    /// What it takes for now, in Unix seconds: older events than 30 days are not shown.
    pub now: i64,
}

impl Account {
    /// The account that told this: each object as its last event shows it, made when its first one was.
    ///
    /// # Panics
    /// When an event is no JSON.
    #[must_use]
    pub fn of(told: &[Told]) -> Self {
        let mut events: Vec<Value> = told
            .iter()
            .filter(|told| told.source == Source::Stripe)
            .map(|told| serde_json::from_str(&told.body).unwrap())
            .collect();
        events.sort_by_key(list::created);
        let mut objects: BTreeMap<String, Value> = BTreeMap::new();
        for event in &events {
            let mut object = event["data"]["object"].clone();
            let id = list::id(&object).to_owned();
            let made = objects.get(&id).map_or_else(|| list::created(event), list::created);
            if object.get("created").is_none() {
                object["created"] = made.into();
            }
            objects.insert(id, object);
        }
        // A history may have money go back before it came: what a charge says of either is told by its own event.
        for event in events.iter().filter(|event| event["data"]["object"]["object"] == "charge") {
            let told = &event["data"]["object"];
            let Some(charge) = objects.get_mut(list::id(told)) else { continue };
            if event["type"] == "charge.refunded" {
                charge["amount_refunded"] = told["amount_refunded"].clone();
            } else {
                charge["created"] = list::created(event).into();
            }
        }
        // Whoever has something to pay for at once opens the session minutes before completing it.
        let paid: Vec<String> = objects
            .values()
            .filter(|one| one["status"] == "paid")
            .map(|one| list::id(one).to_owned())
            .collect();
        let told = |id: &str| events.iter().filter(|event| list::id(&event["data"]["object"]) == id).count();
        for session in objects.values_mut().filter(|one| one["object"] == "checkout.session") {
            let invoice = session["invoice"].as_str().unwrap_or_default();
            if paid.iter().any(|paid| paid == invoice) && told(list::id(session)) == 1 {
                session["created"] = (list::created(session) - BEFORE_COMPLETION).into();
            }
        }
        let now = events.last().map(list::created).unwrap_or_default();
        Self { objects, events, now, ..Self::default() }
    }

    /// Everything that its lists tell to somebody who reads them at a time, in Unix seconds.
    ///
    /// # Panics
    /// When an object cannot be told.
    #[must_use]
    pub fn told(&self, read_at: i64) -> Vec<Listed> {
        let read_at = DateTime::from_timestamp(read_at, 0).unwrap();
        let mut told = Vec::new();
        for list in List::ALL {
            let mut after = String::new();
            loop {
                let query = Query::read(&format!("limit=100{}{after}", list.query()));
                let page = self.get(list.path(), &query).unwrap();
                let objects = page["data"].as_array().unwrap();
                for object in objects {
                    told.extend(list.tell(&object.to_string(), read_at).unwrap());
                }
                match objects.last().filter(|_| page["has_more"] == true) {
                    Some(last) => after = format!("&starting_after={}", list::id(last)),
                    None => break,
                }
            }
        }
        told
    }

    /// What a post answers: the same as before to one of the same key (<https://docs.stripe.com/api/idempotent_requests>).
    pub(super) fn post(
        &mut self,
        path: &str,
        form: &Form,
        key: Option<String>,
    ) -> Result<Value, (StatusCode, String)> {
        if let Some(answer) = key.as_ref().and_then(|key| self.answered.get(key)) {
            return Ok(answer.clone());
        }
        let id = |of: &str| path.strip_prefix(of).and_then(|rest| rest.strip_prefix('/'));
        let answer = if path.starts_with(endpoints::PATH) {
            self.post_endpoint(id(endpoints::PATH), form)?
        } else if path.starts_with(promotion_codes::PATH) {
            self.post_promotion_code(id(promotion_codes::PATH), form)?
        } else {
            return Err((StatusCode::NOT_FOUND, format!("Unrecognized request URL (POST: {path})")));
        };
        if let Some(key) = key {
            self.answered.insert(key, answer.clone());
        }
        Ok(answer)
    }

    /// What a call answers.
    pub(super) fn get(&self, path: &str, query: &Query) -> Result<Value, (StatusCode, String)> {
        let bad = |message: String| (StatusCode::BAD_REQUEST, message);
        if self.forbidden.iter().any(|forbidden| forbidden == path) {
            let message = "The provided key does not have the required permissions for this endpoint";
            return Err((StatusCode::FORBIDDEN, message.to_owned()));
        }
        if path == endpoints::PATH {
            return Ok(json!({"object": "list", "url": path, "has_more": false, "data": self.endpoints}));
        }
        if path == "/v1/events" {
            let kept = |event: &&Value| list::created(event) > self.now - KEPT && query.covers(event);
            return query.page(path, self.events.iter().filter(kept).collect()).map_err(bad);
        }
        if let Some((kind, _)) = LISTS.iter().find(|(_, of)| *of == path) {
            let listed = self.objects.values().filter(|object| object["object"] == *kind);
            let mut page = query.page(path, listed.filter(|one| query.covers(one)).collect()).map_err(bad)?;
            for expand in &query.expand {
                for object in page["data"].as_array_mut().into_iter().flatten() {
                    self.expand(object, expand.get(1..).unwrap_or_default());
                }
            }
            return Ok(page);
        }
        let id = path.rsplit('/').next().unwrap_or_default();
        let found = match path.strip_prefix("/v1/events/") {
            Some(id) => self.events.iter().find(|event| list::id(event) == id),
            None => self.objects.get(id),
        };
        found.cloned().ok_or_else(|| (StatusCode::NOT_FOUND, format!("No such object: {id}")))
    }

    /// Puts objects in the place of their ids, along a way of fields.
    fn expand(&self, object: &mut Value, way: &[String]) {
        let [field, rest @ ..] = way else { return };
        let Some(value) = object.get_mut(field) else { return };
        if let Some(found) = value.as_str().and_then(|id| self.objects.get(id)) {
            *value = found.clone();
        }
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.expand(value, rest)),
            value => self.expand(value, rest),
        }
    }
}
