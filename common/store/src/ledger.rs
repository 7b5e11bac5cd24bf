//! The ledger's only writer. Settlement and payouts stand above it, and nothing is posted past it.
//!
//! Every entry moves an amount of one conversion, affiliate and currency to or from what is payable, and has one notification,
//! written with it (ADR 30).

pub(crate) mod lock;
mod notified;

use crate::notifications::{self, Cause};
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ConversionId, PayoutId};

/// Where what is payable comes from, or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Earned.
    Expense,
    /// Taken back.
    Clawback,
    /// Held.
    Held,
    /// Paid.
    Paid,
}

impl Account {
    fn as_str(self) -> &'static str {
        match self {
            Self::Expense => "expense",
            Self::Clawback => "clawback",
            Self::Held => "held",
            Self::Paid => "paid",
        }
    }
}

const PAYABLE: &str = "payable";

/// An entry to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The signup or payment that it concerns.
    pub(crate) conversion: ConversionId,
    /// Whose account.
    pub(crate) affiliate: AffiliateId,
    /// ISO 4217, lower case.
    pub(crate) currency: String,
    /// The other account.
    pub(crate) account: Account,
    /// By how much what is payable grows, in minor units; not 0.
    pub(crate) payable: i64,
    /// `earned`, `clawed_back`, `paid` …
    pub(crate) movement: &'static str,
    /// The first of its conversion, affiliate and currency.
    pub(crate) is_first: bool,
    /// What brought it about.
    pub(crate) cause: Cause,
    /// The rules by which it was computed.
    pub(crate) rule: Option<i64>,
    /// The payout that it belongs to.
    pub(crate) payout: Option<PayoutId>,
}

impl Entry {
    fn accounts(&self) -> (&'static str, &'static str) {
        if self.payable > 0 { (self.account.as_str(), PAYABLE) } else { (PAYABLE, self.account.as_str()) }
    }
}

/// Posts entries in order, with a notification each, in a fixed number of statements. The rows of their conversions are as
/// they are to be seen.
///
/// # Errors
/// When the database fails, or refuses an entry.
pub(crate) async fn post(connection: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut ids = insert(&mut *connection, entries).await?;
    // Numbered in the order in which they were written.
    ids.sort_unstable();
    let notifications = notified::of(&mut *connection, entries, &ids).await?;
    notifications::write(connection, &notifications).await
}

async fn insert(connection: &mut PgConnection, entries: &[Entry]) -> Result<Vec<i64>, StoreError> {
    let column = |of: fn(&Entry) -> Option<String>| entries.iter().map(of).collect::<Vec<_>>();
    Ok(sqlx::query_scalar!(
        r#"
        INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account,
                                    to_account, amount_minor, cause, event_id, actor, reason, rule_id, payout_id)
        SELECT c.project_id, c.livemode, new.conversion_id, new.affiliate_id, new.currency, new.from_account,
               new.to_account, new.amount_minor, new.cause, new.event_id, new.actor, new.reason, new.rule_id,
               new.payout_id
        FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TEXT[],
                    $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::BIGINT[], $12::BIGINT[]) WITH ORDINALITY
            AS new (conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, event_id,
                    actor, reason, rule_id, payout_id, place)
        JOIN conversions c ON c.id = new.conversion_id
        ORDER BY new.place
        RETURNING id
        "#,
        &entries.iter().map(|entry| entry.conversion.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.affiliate.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.currency.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.accounts().0.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.accounts().1.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.payable.saturating_abs()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.movement.to_owned()).collect::<Vec<_>>(),
        &column(|entry| entry.cause.event.clone()) as &[Option<String>],
        &column(|entry| entry.cause.actor.clone()) as &[Option<String>],
        &column(|entry| entry.cause.reason.clone()) as &[Option<String>],
        &entries.iter().map(|entry| entry.rule).collect::<Vec<_>>() as &[Option<i64>],
        &entries.iter().map(|entry| entry.payout.map(|id| id.0)).collect::<Vec<_>>() as &[Option<i64>],
    )
    .fetch_all(connection)
    .await?)
}
