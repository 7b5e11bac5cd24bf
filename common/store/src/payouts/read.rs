//! Payouts as they stand.

use super::{Payout, Row};
use crate::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, BatchId, ConversionId, PayoutId, Realm};
use domain::money::{Currency, Money};

/// Which payouts are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `open`, `paid` or `canceled`.
    pub status: Option<String>,
    /// Of one affiliate.
    pub affiliate: Option<AffiliateId>,
    /// Made together.
    pub batch: Option<BatchId>,
    /// In one currency.
    pub currency: Option<Currency>,
    /// Made at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Made before this time.
    pub before: Option<DateTime<Utc>>,
}

/// What one conversion adds to a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The conversion.
    pub conversion: ConversionId,
    /// `in_…`, `external:…` and so on.
    pub payment: String,
    /// Event time.
    pub occurred_at: DateTime<Utc>,
    /// As it was frozen; negative for a debt.
    pub amount: Money,
    /// What of it was taken back, held or otherwise moved since, and no open payout nets. Zero once the payout is closed.
    pub moved_since: Money,
}

/// Payouts of a project and mode, the newest first.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Payout>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM payouts
         WHERE project_id = $1 AND livemode = $2
           AND ($3::TEXT IS NULL OR status = $3) AND ($4::BIGINT IS NULL OR affiliate_id = $4)
           AND ($5::BIGINT IS NULL OR batch_id = $5) AND ($6::TEXT IS NULL OR currency = $6)
         ORDER BY id DESC LIMIT $7",
        realm.project.0,
        realm.mode.is_live(),
        filter.status,
        filter.affiliate.map(|id| id.0),
        filter.batch.map(|id| id.0),
        filter.currency.map(|currency| currency.to_string()),
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut payouts = by_ids(connection, &ids).await?;
    payouts.reverse();
    Ok(payouts)
}

/// The payouts of a batch, in order.
pub async fn of_batch(connection: &mut PgConnection, batch: BatchId) -> Result<Vec<Payout>, StoreError> {
    let ids = sqlx::query_scalar!("SELECT id FROM payouts WHERE batch_id = $1", batch.0)
        .fetch_all(&mut *connection)
        .await?;
    by_ids(connection, &ids).await
}

/// The payout with this number.
pub async fn find(connection: &mut PgConnection, id: PayoutId) -> Result<Option<Payout>, StoreError> {
    Ok(by_ids(connection, &[id.0]).await?.pop())
}

/// The payouts with these numbers that exist, in order.
pub(super) async fn by_ids(connection: &mut PgConnection, ids: &[i64]) -> Result<Vec<Payout>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT p.id, p.batch_id, p.project_id, p.livemode, p.affiliate_id, a.user_email, a.payout_preferences, p.currency,
               p.amount_minor,
               coalesce(p.items, (SELECT count(*) FROM payout_items i WHERE i.payout_id = p.id)) AS "items!",
               CASE WHEN p.status = 'open' THEN payout_moved_since(p) ELSE 0 END AS "moved_since!",
               p.status, p.created_at, p.closed_at, p.closed_by, p.paid_at, p.reference, p.cancel_reason
        FROM payouts p
        JOIN affiliates a ON a.id = p.affiliate_id
        WHERE p.id = ANY($1)
        ORDER BY p.id
        "#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Payout::try_from).collect()
}

/// What a payout consists of, in order of the conversions.
pub async fn items(connection: &mut PgConnection, id: PayoutId) -> Result<Vec<Item>, StoreError> {
    items_after(connection, id, None, i64::MAX).await
}

/// Part of it: at most so many, behind a conversion when one is named.
pub async fn items_after(
    connection: &mut PgConnection,
    id: PayoutId,
    after: Option<ConversionId>,
    most: i64,
) -> Result<Vec<Item>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT i.conversion_id, c.payment_key, c.occurred_at, i.currency, i.amount_minor,
               -- As payout_moved_since: of what nothing was ever taken nothing moved.
               CASE WHEN i.open AND EXISTS (
                 SELECT FROM conversions part JOIN ledger_entries l ON l.conversion_id = part.id
                 WHERE (part.id = coalesce(c.merged_into, c.id) OR part.merged_into = coalesce(c.merged_into, c.id))
                   AND l.affiliate_id = i.affiliate_id AND l.currency = i.currency AND l.from_account = 'payable' AND l.payout_id IS NULL
               ) THEN moved_since_frozen(i) ELSE 0 END AS "moved_since!"
        FROM payout_items i
        JOIN conversions c ON c.id = i.conversion_id
        WHERE i.payout_id = $1 AND ($2::BIGINT IS NULL OR i.conversion_id > $2)
        ORDER BY i.conversion_id LIMIT $3
        "#,
        id.0,
        after.map(|id| id.0),
        most,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = Currency::stored(&row.currency).map_err(decode)?;
            let money = |minor| Money { minor, currency };
            Ok(Item {
                conversion: ConversionId(row.conversion_id),
                payment: row.payment_key,
                occurred_at: row.occurred_at,
                amount: money(row.amount_minor),
                moved_since: money(row.moved_since),
            })
        })
        .collect()
}
