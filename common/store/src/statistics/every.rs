//! The sums of all affiliates.

use super::{Amounts, Series, Span, Sums};
use crate::{PgConnection, StoreError};
use domain::ids::Realm;

pub(super) async fn count_clicks(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    series: &mut Series,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT date_trunc($5, occurred_at, 'UTC') AS "start!", count(*) AS "count!"
         FROM clicks
         WHERE project_id = $1 AND livemode = $2 AND occurred_at >= $3 AND occurred_at < $4
         GROUP BY 1"#,
        realm.project.0,
        realm.mode.is_live(),
        span.from,
        span.before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        series.entry(row.start).or_default().clicks = row.count;
    }
    Ok(())
}

pub(super) async fn count_signups(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    series: &mut Series,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT date_trunc($5, first_seen_at, 'UTC') AS "start!", count(*) AS "count!"
         FROM customers
         WHERE project_id = $1 AND livemode = $2 AND first_seen_at >= $3 AND first_seen_at < $4
           AND affiliate_id IS NOT NULL AND NOT retired
         GROUP BY 1"#,
        realm.project.0,
        realm.mode.is_live(),
        span.from,
        span.before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        series.entry(row.start).or_default().signups = row.count;
    }
    Ok(())
}

pub(super) async fn sum_conversions(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    series: &mut Series,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT date_trunc($5, occurred_at, 'UTC') AS "start!", currency,
                count(*) FILTER (WHERE type = 'purchase' AND status <> 'reversed') AS "purchases!",
                sum(base_minor)::bigint AS "base!",
                sum(commission_minor - clawed_back_minor)::bigint AS "value!",
                sum(clawed_back_minor)::bigint AS "clawed_back!"
         FROM conversions
         WHERE project_id = $1 AND livemode = $2 AND occurred_at >= $3 AND occurred_at < $4
           AND affiliate_id IS NOT NULL AND merged_into IS NULL AND status <> 'pending'
         GROUP BY 1, 2"#,
        realm.project.0,
        realm.mode.is_live(),
        span.from,
        span.before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let amounts = Amounts { base: row.base, value: row.value, clawed_back: row.clawed_back };
        let sums = Sums { currency: row.currency, purchases: row.purchases, amounts };
        sums.add_to(series.entry(row.start).or_default())?;
    }
    Ok(())
}
