//! What Stripe's lists tell of the past: each object as the events that would have told it (ADR 46).
//!
//! What happened once is told once, at its own time, under a name that does not change: whoever reads the list again tells nothing
//! new. What may have changed since is told a second time, as it stood when the list was read, under a name made of what it
//! says.

mod times;

use super::wrapped::{self, Wrapped};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use times::{at, paid_at, when};

/// In front of the name of each event that is made of a listed object.
pub const PREFIX: &str = "backfill:";

/// A session is open for a day at most (<https://docs.stripe.com/api/checkout/sessions/create>): what is paid later was paid by a
/// delayed method, after its completion.
const LONGEST_OPEN: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// A list of Stripe's that history is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Coupons, but for deleted ones.
    Coupons,
    /// Promotion codes, active or not.
    PromotionCodes,
    /// Customers, but for deleted ones.
    Customers,
    /// Checkout sessions that were completed.
    CheckoutSessions,
    /// Subscriptions in any state.
    Subscriptions,
    /// Invoices on which something was paid.
    Invoices,
    /// Which payment settled which invoice.
    InvoicePayments,
    /// Payment intents that succeeded.
    PaymentIntents,
    /// Charges that succeeded.
    Charges,
    /// Refunds.
    Refunds,
    /// Disputes.
    Disputes,
    /// Credit notes.
    CreditNotes,
    /// Early fraud warnings.
    FraudWarnings,
}

/// An event made of a listed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEvent {
    /// The inbox id.
    pub id: String,
    /// The object's own.
    pub object: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The body, for [`event::read`](super::event::read).
    pub body: Vec<u8>,
}

/// An object of a list without what it cannot be told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object of the list of {} has no {missing}", list.as_str())]
pub struct Unlisted {
    list: List,
    missing: &'static str,
}

impl List {
    /// All of them; codes come before who used them, who paid before what was paid, and that before what went back.
    pub const ALL: [Self; 13] = [
        Self::Coupons,
        Self::PromotionCodes,
        Self::Customers,
        Self::CheckoutSessions,
        Self::Subscriptions,
        Self::Invoices,
        Self::InvoicePayments,
        Self::PaymentIntents,
        Self::Charges,
        Self::Refunds,
        Self::Disputes,
        Self::CreditNotes,
        Self::FraudWarnings,
    ];

    /// As tables and reports write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coupons => "coupons",
            Self::PromotionCodes => "promotion_codes",
            Self::Customers => "customers",
            Self::CheckoutSessions => "checkout_sessions",
            Self::Subscriptions => "subscriptions",
            Self::Invoices => "invoices",
            Self::InvoicePayments => "invoice_payments",
            Self::PaymentIntents => "payment_intents",
            Self::Charges => "charges",
            Self::Refunds => "refunds",
            Self::Disputes => "disputes",
            Self::CreditNotes => "credit_notes",
            Self::FraudWarnings => "early_fraud_warnings",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.as_str() == text)
    }

    /// Where it is.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Coupons => "/v1/coupons",
            Self::PromotionCodes => "/v1/promotion_codes",
            Self::Customers => "/v1/customers",
            Self::CheckoutSessions => "/v1/checkout/sessions",
            Self::Subscriptions => "/v1/subscriptions",
            Self::Invoices => "/v1/invoices",
            Self::InvoicePayments => "/v1/invoice_payments",
            Self::PaymentIntents => "/v1/payment_intents",
            Self::Charges => "/v1/charges",
            Self::Refunds => "/v1/refunds",
            Self::Disputes => "/v1/disputes",
            Self::CreditNotes => "/v1/credit_notes",
            Self::FraudWarnings => "/v1/radar/early_fraud_warnings",
        }
    }

    /// What is asked for beside a span of time and a place.
    #[must_use]
    pub fn query(self) -> &'static str {
        match self {
            Self::CheckoutSessions => {
                "&status=complete&expand[]=data.payment_intent.latest_charge&expand[]=data.invoice\
                 &expand[]=data.discounts.promotion_code"
            }
            Self::Subscriptions => "&status=all",
            Self::Invoices => "&expand[]=data.discounts.promotion_code",
            Self::PaymentIntents => "&expand[]=data.latest_charge",
            Self::Coupons
            | Self::PromotionCodes
            | Self::Customers
            | Self::InvoicePayments
            | Self::Charges
            | Self::Refunds
            | Self::Disputes
            | Self::CreditNotes
            | Self::FraudWarnings => "",
        }
    }

    /// The events that would have told this object, which was listed at `read_at`. None when it tells nothing yet.
    ///
    /// # Errors
    /// When it has no id or no time.
    pub fn tell(self, object: &str, read_at: DateTime<Utc>) -> Result<Vec<HistoryEvent>, Unlisted> {
        let missing = |missing| Unlisted { list: self, missing };
        let Ok(Value::Object(mut object)) = serde_json::from_str(object) else {
            return Err(missing("fields"));
        };
        let id = text(&object, "id").map(str::to_owned).ok_or_else(|| missing("id"))?;
        let happened = self.happened(&mut object).ok_or_else(|| missing("created"))?;
        let object = Value::Object(object).to_string();
        let told = happened.into_iter().map(|Happened { event_type, at }| {
            let (name, at) = match at {
                Some(at) => (format!("{PREFIX}{event_type}:{id}"), at),
                None => (format!("{PREFIX}{event_type}:{id}:{}", fingerprint(&object)), read_at),
            };
            let event = Wrapped { id: &name, event_type, created: at, account: None };
            let body = wrapped::event(&event, &object).ok_or_else(|| missing("fields"))?;
            Ok(HistoryEvent { id: name, object: id.clone(), at, body })
        });
        told.collect()
    }

    /// What the object says has happened. None without a time.
    fn happened(self, object: &mut Map<String, Value>) -> Option<Vec<Happened>> {
        let created = at(object.get("created"));
        let status = text(object, "status").unwrap_or_default().to_owned();
        Some(match self {
            Self::Coupons => vec![once("coupon.created", created?), as_it_stands("coupon.updated")],
            Self::PromotionCodes => {
                vec![once("promotion_code.created", created?), as_it_stands("promotion_code.updated")]
            }
            Self::Customers => vec![once("customer.created", created?), as_it_stands("customer.updated")],
            Self::CheckoutSessions => session(object, created?),
            Self::Subscriptions => {
                // What it was is in its invoices; only its end is news.
                let ended = at(object.get("ended_at")).or_else(|| at(object.get("canceled_at")));
                let over = status == "canceled" || status == "incomplete_expired";
                let end = over.then(|| {
                    ended.map_or(as_it_stands("customer.subscription.deleted"), |at| {
                        once("customer.subscription.deleted", at)
                    })
                });
                [once("customer.subscription.created", created?)].into_iter().chain(end).collect()
            }
            Self::Invoices if status == "paid" => {
                vec![once("invoice.paid", paid_at(object).or(created)?)]
            }
            Self::Invoices if number(object, "amount_paid") > 0 => vec![as_it_stands("invoice.updated")],
            Self::InvoicePayments if status == "paid" => {
                vec![once("invoice_payment.paid", paid_at(object).or(created)?)]
            }
            Self::PaymentIntents if status == "succeeded" => {
                let charged = when(object.get("latest_charge"));
                collapse(object, "latest_charge");
                vec![once("payment_intent.succeeded", charged.or(created)?)]
            }
            Self::Charges if status == "succeeded" => {
                let mut told = Vec::new();
                if object.get("captured") != Some(&Value::Bool(false)) {
                    told.push(once("charge.succeeded", created?));
                }
                // What was authorised and not captured counts as refunded at Stripe, and was never collected.
                let captured = object.get("amount_captured").and_then(Value::as_i64);
                let amount = number(object, "amount");
                let released = amount.saturating_sub(captured.unwrap_or(amount)).max(0);
                if number(object, "amount_refunded") > released {
                    told.push(as_it_stands("charge.refunded"));
                }
                told
            }
            Self::Refunds => vec![once("refund.created", created?), as_it_stands("refund.updated")],
            Self::Disputes => {
                vec![once("charge.dispute.created", created?), as_it_stands("charge.dispute.updated")]
            }
            Self::CreditNotes => {
                let voided = (status == "void").then(|| {
                    at(object.get("voided_at"))
                        .map_or(as_it_stands("credit_note.voided"), |at| once("credit_note.voided", at))
                });
                [once("credit_note.created", created?)].into_iter().chain(voided).collect()
            }
            Self::FraudWarnings => {
                let over = object.get("actionable") == Some(&Value::Bool(false));
                let over = over.then_some(as_it_stands("radar.early_fraud_warning.updated"));
                [once("radar.early_fraud_warning.created", created?)].into_iter().chain(over).collect()
            }
            // Nothing was paid yet.
            Self::Invoices | Self::InvoicePayments | Self::PaymentIntents | Self::Charges => Vec::new(),
        })
    }
}

/// Something that an object says has happened.
struct Happened {
    event_type: &'static str,
    /// When; none for how it stood when it was read.
    at: Option<DateTime<Utc>>,
}

fn once(event_type: &'static str, at: DateTime<Utc>) -> Happened {
    Happened { event_type, at: Some(at) }
}

fn as_it_stands(event_type: &'static str) -> Happened {
    Happened { event_type, at: None }
}

/// A session's money has the time of its charge or its invoice, and one that had none that of its making. Both events are
/// read alike.
fn session(object: &mut Map<String, Value>, created: DateTime<Utc>) -> Vec<Happened> {
    let charged = object.get("payment_intent").and_then(|intent| when(intent.get("latest_charge")));
    let settled = charged.or_else(|| paid_at(object.get("invoice")?.as_object()?));
    collapse(object, "payment_intent");
    collapse(object, "invoice");
    let completed = "checkout.session.completed";
    match (text(object, "payment_status"), settled) {
        (Some("paid"), Some(settled)) if settled - created > LONGEST_OPEN => {
            vec![once(completed, created), once("checkout.session.async_payment_succeeded", settled)]
        }
        // Under the name of its payment: it may have been read while it was unpaid.
        (Some("paid"), Some(settled)) => vec![once("checkout.session.async_payment_succeeded", settled)],
        // An invoice of nothing is settled at the checkout.
        (Some("no_payment_required"), Some(settled)) if settled - created <= LONGEST_OPEN => {
            vec![once(completed, settled)]
        }
        _ => vec![once(completed, created)],
    }
}

/// Puts an object's id in its place, as events have it.
fn collapse(object: &mut Map<String, Value>, field: &str) {
    if let Some(value) = object.get_mut(field)
        && let Some(id) = value.get("id").cloned()
    {
        *value = id;
    }
}

fn text<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn number(object: &Map<String, Value>, field: &str) -> i64 {
    object.get(field).and_then(Value::as_i64).unwrap_or(0)
}

/// The same for two readings that say the same.
fn fingerprint(object: &str) -> String {
    let hash = Sha256::digest(object.as_bytes());
    hex::encode(hash.get(..8).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at() -> DateTime<Utc> {
        "2026-10-01T00:00:00Z".parse().unwrap()
    }

    /// The events of an object, each by its id without the prefix, and its time in seconds.
    fn told(list: List, object: &str) -> Vec<(String, i64)> {
        let told = list.tell(object, read_at()).unwrap();
        told.into_iter()
            .map(|told| (told.id.trim_start_matches(PREFIX).to_owned(), told.at.timestamp()))
            .collect()
    }

    fn only(id: &str, at: i64) -> Vec<(String, i64)> {
        vec![(id.to_owned(), at)]
    }

    #[test]
    fn what_happened_once_has_its_own_time_and_one_name() {
        let invoice =
            r#"{"id": "in_1", "created": 5, "status": "paid", "status_transitions": {"paid_at": 9}}"#;
        assert_eq!(told(List::Invoices, invoice), only("invoice.paid:in_1", 9));
        let intent = r#"{"id": "pi_1", "created": 5, "status": "succeeded", "latest_charge": {"id": "ch_1", "created": 7}}"#;
        assert_eq!(told(List::PaymentIntents, intent), only("payment_intent.succeeded:pi_1", 7));
        let body = List::PaymentIntents.tell(intent, read_at()).unwrap().remove(0).body;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["data"]["object"]["latest_charge"], "ch_1", "as events have it");
    }

    #[test]
    fn what_may_change_is_told_as_it_stands_and_only_once_while_it_stands() {
        let refund = r#"{"id": "re_1", "created": 5, "status": "pending"}"#;
        let first = List::Refunds.tell(refund, read_at()).unwrap();
        let later = read_at() + chrono::TimeDelta::days(1);
        let again = List::Refunds.tell(refund, later).unwrap();
        let other = List::Refunds.tell(&refund.replace("pending", "failed"), later).unwrap();
        assert_eq!(first[0].id, other[0].id);
        assert_eq!(first[1].id, again[1].id);
        assert_ne!(first[1].id, other[1].id);
        assert_eq!(other[1].at, later);
    }

    #[test]
    fn a_session_that_a_delayed_method_paid_was_completed_before() {
        let session = |charged: i64| {
            format!(
                r#"{{"id": "cs_1", "created": 100, "status": "complete", "payment_status": "paid",
                    "payment_intent": {{"id": "pi_1", "latest_charge": {{"id": "ch_1", "created": {charged}}}}}}}"#
            )
        };
        let at_once = told(List::CheckoutSessions, &session(160));
        assert_eq!(at_once, only("checkout.session.async_payment_succeeded:cs_1", 160));
        let later = told(List::CheckoutSessions, &session(200_000));
        assert_eq!(later[0], ("checkout.session.completed:cs_1".to_owned(), 100));
        assert_eq!(later[1], ("checkout.session.async_payment_succeeded:cs_1".to_owned(), 200_000));
    }

    #[test]
    fn a_session_of_an_invoice_was_completed_when_that_was_settled() {
        let session = |status: &str, paid_at: i64| {
            let session = format!(
                r#"{{"id": "cs_1", "created": 100, "status": "complete", "payment_status": "{status}",
                    "invoice": {{"id": "in_1", "status_transitions": {{"paid_at": {paid_at}}}}}}}"#
            );
            let body = List::CheckoutSessions.tell(&session, read_at()).unwrap().remove(0).body;
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["data"]["object"]["invoice"], "in_1", "as events have it");
            told(List::CheckoutSessions, &session)
        };
        assert_eq!(session("paid", 160), only("checkout.session.async_payment_succeeded:cs_1", 160));
        assert_eq!(session("no_payment_required", 160), only("checkout.session.completed:cs_1", 160));
        assert_eq!(session("no_payment_required", 200_000), only("checkout.session.completed:cs_1", 100));
        let delayed = session("paid", 200_000);
        assert_eq!(delayed[0], ("checkout.session.completed:cs_1".to_owned(), 100));
        assert_eq!(delayed[1], ("checkout.session.async_payment_succeeded:cs_1".to_owned(), 200_000));
        assert_eq!(session("unpaid", 200_000), only("checkout.session.completed:cs_1", 100));
    }

    #[test]
    fn what_was_not_paid_tells_nothing() {
        for (list, object) in [
            (List::Invoices, r#"{"id": "in_1", "created": 5, "status": "open", "amount_paid": 0}"#),
            (List::InvoicePayments, r#"{"id": "inpay_1", "created": 5, "status": "open"}"#),
            (List::PaymentIntents, r#"{"id": "pi_1", "created": 5, "status": "requires_action"}"#),
            (List::Charges, r#"{"id": "ch_1", "created": 5, "status": "failed"}"#),
        ] {
            assert_eq!(told(list, object), []);
        }
        let part = r#"{"id": "in_1", "created": 5, "status": "open", "amount_paid": 7}"#;
        assert_eq!(told(List::Invoices, part).len(), 1);
    }

    #[test]
    fn what_was_released_uncaptured_did_not_go_back() {
        let charge = |refunded: i64| {
            let told = format!(
                r#"{{"id": "ch_1", "created": 5, "status": "succeeded", "amount": 100, "amount_captured": 60,
                    "amount_refunded": {refunded}}}"#
            );
            told_types(List::Charges, &told)
        };
        assert_eq!(charge(40), ["charge.succeeded"]);
        assert_eq!(charge(50), ["charge.succeeded", "charge.refunded"]);
    }

    /// The types of an object's events.
    fn told_types(list: List, object: &str) -> Vec<String> {
        let told = told(list, object).into_iter();
        told.map(|(id, _)| id.split(':').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn an_object_without_an_id_is_no_object() {
        assert!(List::Refunds.tell(r#"{"created": 5}"#, read_at()).is_err());
        assert!(List::Refunds.tell("[]", read_at()).is_err());
        assert!(List::Refunds.tell(r#"{"id": "re_1"}"#, read_at()).is_err());
    }

    #[test]
    fn lists_keep_their_names() {
        for list in List::ALL {
            assert_eq!(List::parse(list.as_str()), Some(list));
        }
    }
}
