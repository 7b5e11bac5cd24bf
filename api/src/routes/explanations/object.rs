//! The story of a payment as clients see it.

use crate::answer::{ExactNumber, timestamp};
use crate::openapi::values::ConversionStatusWord;
use common::domain::money::{Currency, Money};
use common::domain::settle::{Arithmetic, CandidateStory, Method};
use common::store::overview::Overview;
use serde::Serialize;
use utoipa::ToSchema;

/// Which candidates there were, which won and why the others lost, and the arithmetic.
#[derive(Serialize, ToSchema)]
pub(crate) struct Story {
    conversion_id: i64,
    /// `in_…`, `pi_…`, `external:…`
    #[schema(example = "in_1NqX3F2eZvKYlo2C")]
    payment: String,
    /// `pending` until it is settled, then the verdict.
    #[schema(value_type = ConversionStatusWord)]
    status: String,
    /// Why nobody earns, or why it is held; null otherwise.
    reason: Option<String>,
    affiliate_id: Option<i64>,
    affiliate_email: Option<String>,
    /// ISO 4217, lower case.
    currency: String,
    /// The commissionable base.
    #[schema(value_type = f64)]
    base_value: ExactNumber,
    /// What was first earned.
    #[schema(value_type = f64)]
    commission: ExactNumber,
    /// What of it was taken back.
    #[schema(value_type = f64)]
    refunded_value: ExactNumber,
    /// What of it is held.
    #[schema(value_type = f64)]
    held_value: ExactNumber,
    /// The decision in a sentence; null before it is settled.
    decision: Option<String>,
    /// In order of precedence.
    candidates: Vec<Candidate>,
    /// Line by line.
    arithmetic: Vec<Line>,
}

/// Something that named an affiliate, and what became of it.
#[derive(Serialize, ToSchema)]
struct Candidate {
    /// How it was carried.
    #[schema(value_type = String, example = "client_reference_id")]
    method: Method,
    /// The code or id, as it was written.
    value: String,
    /// The event that told of it.
    event: String,
    /// The object that carried it.
    object: String,
    #[schema(format = DateTime)]
    at: String,
    affiliate_id: Option<i64>,
    /// `won`, or why not.
    verdict: String,
}

/// One line of arithmetic.
#[derive(Serialize, ToSchema)]
struct Line {
    what: String,
    how: String,
    #[schema(value_type = f64)]
    value: ExactNumber,
}

impl From<Overview> for Story {
    fn from(row: Overview) -> Self {
        let currency = row.base.currency;
        let (decision, candidates, arithmetic) = match row.explanation {
            Some(told) => (Some(told.decision), told.candidates, told.arithmetic),
            None => (None, Vec::new(), Vec::new()),
        };
        let affiliate = row.affiliate;
        Self {
            conversion_id: row.id.0,
            payment: row.payment,
            status: row.status,
            reason: row.reason,
            affiliate_id: affiliate.as_ref().map(|affiliate| affiliate.id.0),
            affiliate_email: affiliate.and_then(|affiliate| affiliate.email),
            currency: currency.to_string(),
            base_value: ExactNumber(row.base),
            commission: ExactNumber(row.commission),
            refunded_value: ExactNumber(row.taken_back),
            held_value: ExactNumber(row.held),
            decision,
            candidates: candidates.into_iter().map(Candidate::from).collect(),
            arithmetic: arithmetic.into_iter().map(|line| Line::new(line, currency)).collect(),
        }
    }
}

impl From<CandidateStory> for Candidate {
    fn from(story: CandidateStory) -> Self {
        Self {
            method: story.method,
            value: story.value,
            event: story.evidence.event,
            object: story.evidence.object,
            at: timestamp(story.at),
            affiliate_id: story.affiliate.map(|id| id.0),
            verdict: story.verdict,
        }
    }
}

impl Line {
    fn new(line: Arithmetic, currency: Currency) -> Self {
        Self { what: line.what, how: line.how, value: ExactNumber(Money { minor: line.minor, currency }) }
    }
}
