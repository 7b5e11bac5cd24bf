//! The sums of some affiliates, each by itself: by way of their own indexes.

use super::{Amounts, Series, Span, Sums};
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, Realm};
use std::collections::BTreeMap;

type Each = BTreeMap<AffiliateId, Series>;

pub(super) async fn count_clicks(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    ids: &[i64],
    each: &mut Each,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id, date_trunc($6, occurred_at, 'UTC') AS "start!", count(*) AS "count!"
         FROM clicks
         WHERE affiliate_id = ANY($3) AND project_id = $1 AND livemode = $2
           AND occurred_at >= $4 AND occurred_at < $5
         GROUP BY 1, 2"#,
        realm.project.0,
        realm.mode.is_live(),
        ids,
        span.from,
        span.before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let series = each.entry(AffiliateId(row.affiliate_id)).or_default();
        series.entry(row.start).or_default().clicks = row.count;
    }
    Ok(())
}

pub(super) async fn count_signups(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    ids: &[i64],
    each: &mut Each,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", date_trunc($6, first_seen_at, 'UTC') AS "start!",
                count(*) AS "count!"
         FROM customers
         WHERE affiliate_id = ANY($3) AND project_id = $1 AND livemode = $2
           AND first_seen_at >= $4 AND first_seen_at < $5 AND NOT retired
         GROUP BY 1, 2"#,
        realm.project.0,
        realm.mode.is_live(),
        ids,
        span.from,
        span.before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let series = each.entry(AffiliateId(row.affiliate_id)).or_default();
        series.entry(row.start).or_default().signups = row.count;
    }
    Ok(())
}

pub(super) async fn sum_conversions(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    ids: &[i64],
    each: &mut Each,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", date_trunc($6, occurred_at, 'UTC') AS "start!", currency,
                count(*) FILTER (WHERE type = 'purchase' AND status <> 'reversed') AS "purchases!",
                sum(base_minor)::bigint AS "base!",
                sum(commission_minor - clawed_back_minor)::bigint AS "value!",
                sum(clawed_back_minor)::bigint AS "clawed_back!"
         FROM conversions
         WHERE affiliate_id = ANY($3) AND project_id = $1 AND livemode = $2
           AND occurred_at >= $4 AND occurred_at < $5 AND merged_into IS NULL AND status <> 'pending'
         GROUP BY 1, 2, 3"#,
        realm.project.0,
        realm.mode.is_live(),
        ids,
        span.from,
        span.before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let amounts = Amounts { base: row.base, value: row.value, clawed_back: row.clawed_back };
        let sums = Sums { currency: row.currency, purchases: row.purchases, amounts };
        let series = each.entry(AffiliateId(row.affiliate_id)).or_default();
        sums.add_to(series.entry(row.start).or_default())?;
    }
    Ok(())
}
