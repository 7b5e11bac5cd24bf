//! Lists of payouts, page by page, and a batch as it stands.

use super::create::Created;
use super::{Filter, Payout, read};
use crate::page::{Page, Rows};
use crate::{PgConnection, StoreError};
use domain::ids::{BatchId, Realm};
use domain::payout::CarriedOver;
use sqlx::types::Json;

/// What a payout's status may be, as the table writes it.
pub const STATUSES: [&str; 3] = ["open", "paid", "canceled"];

/// A page of the payouts of a project and mode, the newest first.
pub async fn page(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Payout>, StoreError> {
    let (bound_at, bound_id) = page.bound();
    let ids = sqlx::query_scalar!(
        "SELECT id FROM payouts
         WHERE project_id = $1 AND livemode = $2 AND (created_at, id) < ($3, $4)
           AND ($5::TEXT IS NULL OR status = $5) AND ($6::BIGINT IS NULL OR affiliate_id = $6)
           AND ($7::BIGINT IS NULL OR batch_id = $7) AND ($8::TEXT IS NULL OR currency = $8)
           AND ($9::TIMESTAMPTZ IS NULL OR created_at >= $9) AND ($10::TIMESTAMPTZ IS NULL OR created_at < $10)
         ORDER BY created_at DESC, id DESC LIMIT $11 OFFSET $12",
        realm.project.0,
        realm.mode.is_live(),
        bound_at,
        bound_id,
        filter.status,
        filter.affiliate.map(|id| id.0),
        filter.batch.map(|id| id.0),
        filter.currency.map(|currency| currency.to_string()),
        filter.from,
        filter.before,
        page.limit.saturating_add(1),
        page.offset,
    )
    .fetch_all(&mut *connection)
    .await?;
    let Rows { rows: ids, has_more, stopped } = Rows::cut(ids, page);
    let mut rows = read::by_ids(connection, &ids).await?;
    rows.sort_by_key(|payout| std::cmp::Reverse((payout.created_at, payout.id)));
    Ok(Rows { rows, has_more, stopped })
}

/// How many there are.
pub async fn count(connection: &mut PgConnection, realm: Realm, filter: &Filter) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM payouts
         WHERE project_id = $1 AND livemode = $2
           AND ($3::TEXT IS NULL OR status = $3) AND ($4::BIGINT IS NULL OR affiliate_id = $4)
           AND ($5::BIGINT IS NULL OR batch_id = $5) AND ($6::TEXT IS NULL OR currency = $6)
           AND ($7::TIMESTAMPTZ IS NULL OR created_at >= $7) AND ($8::TIMESTAMPTZ IS NULL OR created_at < $8)"#,
        realm.project.0,
        realm.mode.is_live(),
        filter.status,
        filter.affiliate.map(|id| id.0),
        filter.batch.map(|id| id.0),
        filter.currency.map(|currency| currency.to_string()),
        filter.from,
        filter.before,
    );
    Ok(count.fetch_one(connection).await?)
}

/// The payouts of a project and mode that were made together, as they stand, and what was carried over then.
pub async fn batch(
    connection: &mut PgConnection,
    realm: Realm,
    id: BatchId,
) -> Result<Option<Created>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT as_of, carried_over AS "carried_over: Json<Vec<CarriedOver>>"
           FROM payout_batches WHERE id = $1 AND project_id = $2 AND livemode = $3"#,
        id.0,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let payouts = read::of_batch(connection, id).await?;
    let carried_over = row.carried_over.0;
    Ok(Some(Created { batch: id, is_new: false, as_of: row.as_of, payouts, carried_over }))
}
