//! The course of time by affiliate, from sums of days and months.

use super::{Amounts, Interval, Series, Span};
use crate::rollups::{Pieces, distinct};
use crate::{PgConnection, StoreError, decode};
use domain::ids::{AffiliateId, Realm};
use domain::money::Currency;
use std::collections::BTreeMap;

/// What stands for all affiliates together.
pub(super) const EVERYONE: AffiliateId = AffiliateId(0);

/// The series of those who brought anything.
pub(super) async fn series(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    affiliates: &[AffiliateId],
) -> Result<BTreeMap<AffiliateId, Series>, StoreError> {
    let pieces = Pieces::of(span.from..span.before, span.interval == Interval::Month);
    let (units, first_days, before_days) = pieces.whole_columns();
    let (outside_from, outside_before) = pieces.outside_columns();
    let rows = sqlx::query!(
        r#"WITH changes AS (
             SELECT of_whom.id, d.day, d.currency, d.clicks, d.signups, d.conversions, d.purchases, d.base_minor, d.net_minor,
                    d.clawed_back_minor
             FROM rollup_deltas d CROSS JOIN LATERAL (VALUES (d.affiliate_id), (0)) AS of_whom (id)
             WHERE d.project_id = $1 AND d.livemode = $2 AND d.day >= $7 AND d.day < $8 AND of_whom.id = ANY($3)
             UNION ALL
             SELECT wanted.id, (s.at AT TIME ZONE 'UTC')::DATE, s.currency, -s.clicks, -s.signups, -s.conversions,
                    -s.purchases, -s.base_minor::NUMERIC, -s.net_minor::NUMERIC, -s.clawed_back_minor::NUMERIC
             FROM UNNEST($3::BIGINT[]) AS wanted (id)
             CROSS JOIN UNNEST($9::TIMESTAMPTZ[], $10::TIMESTAMPTZ[]) AS outside (first, before)
             CROSS JOIN LATERAL (
                 -- Of one by its own indexes, of all by their project's.
                 SELECT * FROM rollup_sources
                 WHERE wanted.id <> 0 AND affiliate_id = wanted.id AND project_id = $1 AND livemode = $2
                   AND at >= outside.first AND at < outside.before AND source <> 'entry'
                 UNION ALL
                 SELECT * FROM rollup_sources
                 WHERE wanted.id = 0 AND project_id = $1 AND livemode = $2
                   AND at >= outside.first AND at < outside.before AND source <> 'entry'
                 OFFSET 0
             ) s
         ), sums AS (
             SELECT r.* FROM UNNEST($3) AS wanted (id)
             CROSS JOIN UNNEST($4::TEXT[], $5::DATE[], $6::DATE[]) AS whole (unit, first, before)
             CROSS JOIN LATERAL (
                 SELECT affiliate_id, start AS day, currency, clicks, signups, conversions, purchases, base_minor, net_minor,
                        clawed_back_minor
                 FROM rollups
                 WHERE project_id = $1 AND livemode = $2 AND unit = whole.unit AND affiliate_id = wanted.id
                   AND start >= whole.first AND start < whole.before
                 OFFSET 0
             ) r
             UNION ALL
             SELECT * FROM changes
         )
         SELECT affiliate_id AS "affiliate_id!", date_trunc($11, day::TIMESTAMP) AT TIME ZONE 'UTC' AS "start!",
                currency AS "currency!", sum(clicks)::BIGINT AS "clicks!", sum(signups)::BIGINT AS "signups!",
                sum(conversions)::BIGINT AS "conversions!", sum(purchases)::BIGINT AS "purchases!",
                sum(base_minor)::BIGINT AS "base!", sum(net_minor)::BIGINT AS "value!",
                sum(clawed_back_minor)::BIGINT AS "clawed_back!"
         FROM sums GROUP BY 1, 2, 3
         HAVING sum(clicks) <> 0 OR sum(signups) <> 0 OR sum(conversions) <> 0"#,
        realm.project.0,
        realm.mode.is_live(),
        &distinct(affiliates),
        &units,
        &first_days,
        &before_days,
        pieces.days.start,
        pieces.days.end,
        &outside_from,
        &outside_before,
        span.interval.as_str(),
    )
    .fetch_all(connection)
    .await?;
    let mut each: BTreeMap<AffiliateId, Series> = BTreeMap::new();
    for row in rows {
        let activity = each.entry(AffiliateId(row.affiliate_id)).or_default().entry(row.start).or_default();
        activity.clicks = activity.clicks.saturating_add(row.clicks);
        activity.signups = activity.signups.saturating_add(row.signups);
        activity.purchases = activity.purchases.saturating_add(row.purchases);
        // Clicks and signups have no money.
        if row.conversions > 0 {
            let currency = Currency::stored(&row.currency).map_err(decode)?;
            let amounts = Amounts { base: row.base, value: row.value, clawed_back: row.clawed_back };
            activity.amounts.insert(currency, amounts);
        }
    }
    Ok(each)
}
