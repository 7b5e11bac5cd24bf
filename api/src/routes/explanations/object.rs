//! The story of a payment as clients see it.

use crate::answer::{ExactNumber, timestamp};
use crate::openapi::values::{AttributionMethod, ConversionStatusWord, RuleKindWord};
use domain::money::{Currency, Money};
use domain::settle::{AppliedRule, Arithmetic, CandidateStory, Method, RatedLine, RuleKind, RuleStory};
use serde::Serialize;
use store::overview::Overview;
use utoipa::ToSchema;

/// Which candidates there were, which won and why the others lost, and the arithmetic.
#[derive(Serialize, ToSchema)]
#[schema(as = Explanation)]
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
    /// The version of the programme's rules that held at its time; null before it is settled.
    rule_version: Option<i32>,
    /// The commissions that could have been paid, in order of precedence; empty where the programme has only one.
    rules: Vec<Rule>,
    /// Line by line.
    arithmetic: Vec<Step>,
}

/// Something that named an affiliate, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplanationCandidate)]
struct Candidate {
    /// How it was carried.
    #[schema(value_type = AttributionMethod)]
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

/// A commission that could have been paid, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplanationRule)]
struct Rule {
    #[schema(value_type = RuleKindWord)]
    kind: RuleKind,
    /// The code, category, group or tier.
    #[schema(example = "Books")]
    name: Option<String>,
    /// `20%` or `15.00usd`; null where none of this kind fits.
    #[schema(example = "30%")]
    commission: Option<String>,
    /// `won`, or why not; null in the arithmetic, where it is the one that was applied.
    verdict: Option<String>,
}

/// One line of arithmetic.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplanationStep)]
struct Step {
    what: String,
    how: String,
    #[schema(value_type = f64)]
    value: ExactNumber,
    /// The rule that rated it; null where none did.
    rule: Option<Rule>,
    /// The line of the invoice that was rated; null for the payment as a whole.
    invoice_line: Option<InvoiceLine>,
}

/// A line of an invoice and its share in the base.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplanationInvoiceLine)]
struct InvoiceLine {
    #[schema(example = "il_1NqX3F2eZvKYlo2C")]
    id: String,
    #[schema(example = "prod_NqX3F2eZvKYlo2")]
    product: Option<String>,
    price: Option<String>,
    quantity: i64,
    /// On the invoice, without tax and after discounts; negative for what a proration gives back.
    #[schema(value_type = f64)]
    amount: ExactNumber,
    /// Its part of the payment's base.
    #[schema(value_type = f64)]
    base_value: ExactNumber,
}

impl From<Overview> for Story {
    fn from(row: Overview) -> Self {
        let currency = row.base.currency;
        let told = row.explanation.unwrap_or_default();
        let decision = Some(told.decision).filter(|decision| !decision.is_empty());
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
            candidates: told.candidates.into_iter().map(Candidate::from).collect(),
            rule_version: row.rule_version,
            rules: told.rules.into_iter().map(Rule::from).collect(),
            arithmetic: told.arithmetic.into_iter().map(|line| Step::new(line, currency)).collect(),
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

impl From<RuleStory> for Rule {
    fn from(story: RuleStory) -> Self {
        let RuleStory { kind, name, commission, verdict } = story;
        Self { kind, name, commission: commission.map(|rate| rate.to_string()), verdict: Some(verdict) }
    }
}

impl From<AppliedRule> for Rule {
    fn from(rule: AppliedRule) -> Self {
        let AppliedRule { kind, name, commission } = rule;
        Self { kind, name, commission: Some(commission.to_string()), verdict: None }
    }
}

impl Step {
    fn new(line: Arithmetic, currency: Currency) -> Self {
        Self {
            what: line.what,
            how: line.how,
            value: ExactNumber(Money { minor: line.minor, currency }),
            rule: line.rule.map(Rule::from),
            invoice_line: line.line.map(|line| InvoiceLine::new(line, currency)),
        }
    }
}

impl InvoiceLine {
    fn new(line: RatedLine, currency: Currency) -> Self {
        let RatedLine { id, product, price, quantity, amount, base } = line;
        let exact = |minor| ExactNumber(Money { minor, currency });
        Self { id, product, price, quantity, amount: exact(amount), base_value: exact(base) }
    }
}
