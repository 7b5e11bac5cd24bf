//! An affiliate's account as clients see it.

use crate::answer::timestamp;
use app::statements::in_words;
use domain::ids::AffiliateId;
use serde::Serialize;
use store::statements::{Line, Period, Statement};
use utoipa::ToSchema;

/// What an affiliate was owed, what moved that, and what it is owed.
#[derive(Serialize, ToSchema)]
#[schema(as = Statement)]
pub(crate) struct Account {
    affiliate_id: i64,
    affiliate_email: String,
    /// The first moment of the period; null is from the beginning.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// The first moment after the period; null is up to now.
    #[schema(format = DateTime)]
    before: Option<String>,
    /// One for each currency in which there ever was anything.
    currencies: Vec<CurrencyStatement>,
}

/// What moved in one currency.
#[derive(Serialize, ToSchema)]
struct CurrencyStatement {
    #[schema(example = "usd")]
    currency: String,
    /// What was owed when the period began.
    #[schema(example = "20.00")]
    opening: String,
    entries: Vec<StatementEntry>,
    /// What is owed at its end.
    #[schema(example = "50.00")]
    closing: String,
    /// What of that is held.
    #[schema(example = "10.00")]
    closing_held: String,
}

/// An entry of the ledger, or all entries of one payout.
#[derive(Serialize, ToSchema)]
struct StatementEntry {
    #[schema(format = DateTime)]
    posted_at: String,
    /// The ledger's word for it.
    #[schema(example = "earned")]
    cause: String,
    /// The same for people.
    #[schema(example = "commission")]
    what: String,
    conversion_id: Option<i64>,
    /// The payment's key.
    payment: Option<String>,
    payout_id: Option<i64>,
    /// How what is owed changed.
    #[schema(example = "9.80")]
    amount: String,
    /// How much more, or less, of it is held.
    #[schema(example = "0.00")]
    held: String,
    /// What is owed after it.
    #[schema(example = "29.80")]
    balance: String,
    /// The event that brought it about.
    event: Option<String>,
    /// Who did, when a person did.
    actor: Option<String>,
    /// Why; the reference of a payout.
    reason: Option<String>,
}

impl Account {
    pub(super) fn new(
        affiliate: AffiliateId,
        email: String,
        period: Period,
        statements: Vec<Statement>,
    ) -> Self {
        Self {
            affiliate_id: affiliate.0,
            affiliate_email: email,
            from: period.from.map(timestamp),
            before: period.before.map(timestamp),
            currencies: statements.into_iter().map(CurrencyStatement::from).collect(),
        }
    }
}

impl From<Statement> for CurrencyStatement {
    fn from(statement: Statement) -> Self {
        Self {
            currency: statement.currency.to_string(),
            opening: statement.opening.to_decimal(),
            entries: statement.lines.into_iter().map(StatementEntry::from).collect(),
            closing: statement.closing.to_decimal(),
            closing_held: statement.closing_held.to_decimal(),
        }
    }
}

impl From<Line> for StatementEntry {
    fn from(line: Line) -> Self {
        let what = in_words(&line);
        let (conversion, payment) = line.conversion.unzip();
        Self {
            posted_at: timestamp(line.posted_at),
            cause: line.cause,
            what,
            conversion_id: conversion.map(|id| id.0),
            payment,
            payout_id: line.payout.map(|id| id.0),
            amount: line.amount.to_decimal(),
            held: line.held.to_decimal(),
            balance: line.balance.to_decimal(),
            event: line.event,
            actor: line.actor,
            reason: line.reason,
        }
    }
}
