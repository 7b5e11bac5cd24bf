//! What a call to Stripe brought, kept as an inbox event of its own, so that a replay needs no
//! network.

use super::collector::FactCollector;
use super::event::{Outcome, Reading, Unreadable};
use super::json::{self, BadField};
use super::metadata::MetadataKeys;
use super::missing::Missing;
use super::read;
use chrono::{DateTime, Utc};
use domain::ids::Mode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// An answer, ready for the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The inbox id: one of [`Missing::answers`].
    pub id: String,
    /// How the body is read.
    pub form: Form,
    /// What was brought.
    pub body: Vec<u8>,
}

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What was asked and what was answered: by [`read_fetched`].
    Answer,
    /// A whole event: as if a webhook had brought it.
    Event,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored<'a> {
    asked: Missing,
    /// Stripe does not know what was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_found: bool,
    #[serde(borrow)]
    answer: &'a RawValue,
}

impl Fetched {
    /// The answer to a question. An answer that is not JSON is kept as null, which cannot be read.
    #[must_use]
    pub fn new(asked: &Missing, answer: &str) -> Self {
        let answer = serde_json::from_str(answer).unwrap_or(RawValue::NULL);
        Self::stored(&Stored { asked: asked.clone(), not_found: false, answer })
    }

    /// Stripe does not know what was asked for. That is an answer too: nothing asks again.
    #[must_use]
    pub fn not_found(asked: &Missing) -> Self {
        Self::stored(&Stored { asked: asked.clone(), not_found: true, answer: RawValue::NULL })
    }

    /// A whole event.
    pub(super) fn event(id: String, body: Vec<u8>) -> Self {
        Self { id, form: Form::Event, body }
    }

    fn stored(stored: &Stored<'_>) -> Self {
        // Neither part can fail: one is a plain structure, the other is JSON already.
        let body = serde_json::to_vec(stored).unwrap_or_default();
        Self { id: stored.asked.fetch_id(), form: Form::Answer, body }
    }
}

/// Reads the body of a [`Fetched`] into facts, which name its id as their event.
///
/// A fact has the time of what it says, never that of the call: a code has its event's, a link the
/// payment's. `received_at` stands in where there is no fact.
pub fn read_fetched(body: &[u8], mode: Mode, received_at: DateTime<Utc>) -> Result<Reading, Unreadable> {
    let not_fetched = |bad: BadField| Unreadable::NotAnEvent { path: bad.path, reason: bad.reason };
    let body = json::well_formed(body);
    let stored: Stored<'_> = json::parse(&body).map_err(not_fetched)?;
    let (event_type, at) = match &stored.asked {
        Missing::PromotionCode { at, .. } => ("fetched.invoice", Some(*at)),
        Missing::SessionPromotionCode { at, .. } => ("fetched.checkout_session", Some(*at)),
        Missing::InvoiceLines { at, .. } => ("fetched.invoice_lines", Some(*at)),
        Missing::InvoiceOfPayment { .. } => ("fetched.invoice_payments", None),
        Missing::Event(thin) => ("fetched.event", Some(thin.at)),
    };
    let event_id = stored.asked.fetch_id();
    let keys = MetadataKeys::default();
    let mut collector = FactCollector {
        event: &event_id,
        event_type,
        at: at.unwrap_or(received_at),
        account: stored.asked.account(),
        keys: &keys,
        forbade_commission: false,
        facts: Vec::new(),
        collected: BTreeSet::new(),
        missing: Vec::new(),
        code: None,
    };
    let outcome = read_answer(&stored, mode, &mut collector).map_err(|bad| Unreadable::BadObject {
        event_id: event_id.clone(),
        event_type: event_type.to_owned(),
        path: bad.path,
        reason: bad.reason,
    })?;
    let created = collector.at;
    let account = collector.account.map(str::to_owned);
    let event_type = event_type.to_owned();
    Ok(Reading { event_id, event_type, api_version: None, account, created, outcome })
}

fn read_answer(
    stored: &Stored<'_>,
    mode: Mode,
    collector: &mut FactCollector<'_>,
) -> Result<Outcome, BadField> {
    if stored.not_found {
        let reason = "Stripe does not know it: another account, or a key that may not read it".to_owned();
        return Ok(Outcome::Ignored { reason });
    }
    let answer = stored.answer.get().as_bytes();
    let about: About = json::parse(answer).map_err(|bad| bad.within("answer"))?;
    if about.livemode.is_some_and(|livemode| Mode::from_livemode(livemode) != mode) {
        let reason = format!("the answer is of the other mode than {mode}: the Stripe key is");
        return Ok(Outcome::Ignored { reason });
    }
    let read = match &stored.asked {
        Missing::PromotionCode { .. } => read::invoice_codes(answer, collector),
        Missing::SessionPromotionCode { .. } => read::session_codes(answer, collector),
        Missing::InvoiceLines { invoice, .. } => read::invoice_lines(answer, invoice, collector),
        Missing::InvoiceOfPayment { payment_intent, .. } => {
            read::invoice_payments(answer, payment_intent, mode, collector)
        }
        // What is found is kept as the event that it is; only that there is nothing is kept here.
        Missing::Event(_) => Ok(()),
    };
    read.and_then(|()| collector.ensure_payable()).map_err(|bad| bad.within("answer"))?;
    let facts = std::mem::take(&mut collector.facts);
    if facts.is_empty() {
        let nothing = match stored.asked {
            Missing::PromotionCode { .. } => {
                "the invoice has no coupon or promotion code that is still known"
            }
            Missing::SessionPromotionCode { .. } => {
                "the session has no coupon or promotion code that is still known"
            }
            Missing::InvoiceLines { .. } => "the invoice has no lines",
            Missing::InvoiceOfPayment { .. } => "the payment intent has paid no invoice yet",
            Missing::Event(_) => "there is no such event",
        };
        return Ok(Outcome::Ignored { reason: nothing.to_owned() });
    }
    Ok(Outcome::Facts { facts, missing: Vec::new() })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    livemode: Option<bool>,
}
