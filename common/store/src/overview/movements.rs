//! What the ledger says of a payment, entry by entry.

use crate::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::{
    ids::{AffiliateId, ConversionId, PayoutId},
    money::{Currency, Money},
};
use std::collections::BTreeMap;

/// An entry of the ledger: an amount from one account to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Its number; larger is later.
    pub id: i64,
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// Whose account.
    pub affiliate: AffiliateId,
    /// `earned`, `clawed_back`, `paid` and so on.
    pub cause: String,
    /// The account that gives: `expense`, `payable`, `held`, `paid` or `clawback`.
    pub from: String,
    /// The account that takes.
    pub to: String,
    /// How much.
    pub amount: Money,
    /// The event that brought it about.
    pub event: Option<String>,
    /// The payout that it belongs to.
    pub payout: Option<PayoutId>,
    /// Who moved it, when a person did.
    pub actor: Option<String>,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// The entries of these payments, in the order in which they were posted.
///
/// # Errors
/// [`StoreError`]
pub async fn movements(
    connection: &mut PgConnection,
    conversions: &[ConversionId],
) -> Result<BTreeMap<ConversionId, Vec<Movement>>, StoreError> {
    let ids: Vec<i64> = conversions.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT id, conversion_id, affiliate_id, posted_at, cause, from_account, to_account, amount_minor, currency, event_id,
                payout_id, actor, reason
         FROM ledger_entries WHERE conversion_id = ANY($1) ORDER BY id",
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut movements: BTreeMap<ConversionId, Vec<Movement>> = BTreeMap::new();
    for row in rows {
        let currency = Currency::stored(&row.currency).map_err(decode)?;
        movements.entry(ConversionId(row.conversion_id)).or_default().push(Movement {
            id: row.id,
            posted_at: row.posted_at,
            affiliate: AffiliateId(row.affiliate_id),
            cause: row.cause,
            from: row.from_account,
            to: row.to_account,
            amount: Money { minor: row.amount_minor, currency },
            event: row.event_id,
            payout: row.payout_id.map(PayoutId),
            actor: row.actor,
            reason: row.reason,
        });
    }
    Ok(movements)
}

/// The payments of a customer, the latest first.
///
/// # Errors
/// [`StoreError`]
pub async fn of_customer(
    connection: &mut PgConnection,
    customer: domain::ids::CustomerId,
    limit: i64,
) -> Result<Vec<ConversionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM conversions WHERE customer_id = $1 AND merged_into IS NULL ORDER BY occurred_at DESC, id DESC LIMIT $2",
        customer.0,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ConversionId).collect())
}
