//! Which affiliates brought something, the busiest first.

use super::Span;
use crate::page::{Page, Rows};
use crate::rollups::Pieces;
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, Realm};

/// An affiliate, by the names that a person knows; one who was closed has them still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Its id.
    pub id: AffiliateId,
    /// Its address.
    pub user_email: String,
    /// Its current code.
    pub referral_code: String,
}

/// A page of those who brought a click, a signup or a conversion in a span, by purchases, signups, clicks
/// and id, and how many they are in all. With an affiliate named it is that one, whatever it brought.
///
/// # Errors
/// [`StoreError`]
pub async fn ranking(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    affiliate: Option<AffiliateId>,
    page: &Page,
) -> Result<(Rows<Ranked>, i64), StoreError> {
    let Some(affiliate) = affiliate else { return busiest(connection, realm, span, page).await };
    let row = sqlx::query!(
        "SELECT id, user_email, referral_code FROM affiliates
         WHERE id = $3 AND project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
        affiliate.0,
    )
    .fetch_optional(connection)
    .await?;
    let total = i64::from(row.is_some());
    let ranked = row.into_iter().map(|row| Ranked {
        id: AffiliateId(row.id),
        user_email: row.user_email,
        referral_code: row.referral_code,
    });
    let rows = if page.offset == 0 { ranked.collect() } else { Vec::new() };
    Ok((Rows::cut(rows, page), total))
}

async fn busiest(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    page: &Page,
) -> Result<(Rows<Ranked>, i64), StoreError> {
    let pieces = Pieces::of(span.from..span.before, true);
    let (units, first_days, before_days) = pieces.whole_columns();
    let (outside_from, outside_before) = pieces.outside_columns();
    // The count comes with every row, and also where the page has none.
    let rows = sqlx::query!(
        r#"WITH brought AS (
             SELECT r.* FROM UNNEST($3::TEXT[], $4::DATE[], $5::DATE[]) AS whole (unit, first, before)
             CROSS JOIN LATERAL (
                 SELECT affiliate_id, purchases, signups, clicks, conversions FROM rollups
                 WHERE project_id = $1 AND livemode = $2 AND unit = whole.unit AND start >= whole.first AND start < whole.before
                   AND affiliate_id <> 0
                 OFFSET 0
             ) r
             UNION ALL
             SELECT affiliate_id, purchases, signups, clicks, conversions
             FROM rollup_deltas WHERE project_id = $1 AND livemode = $2 AND day >= $6 AND day < $7
             UNION ALL
             SELECT s.affiliate_id, -s.purchases, -s.signups, -s.clicks, -s.conversions
             FROM UNNEST($8::TIMESTAMPTZ[], $9::TIMESTAMPTZ[]) AS outside (first, before)
             CROSS JOIN LATERAL (
                 SELECT * FROM rollup_sources
                 WHERE project_id = $1 AND livemode = $2 AND at >= outside.first AND at < outside.before AND source <> 'entry'
                 OFFSET 0
             ) s
         ), ranked AS (
             SELECT affiliate_id, sum(purchases) AS purchases, sum(signups) AS signups, sum(clicks) AS clicks
             FROM brought GROUP BY affiliate_id
             HAVING sum(clicks) <> 0 OR sum(signups) <> 0 OR sum(conversions) <> 0
         ), page AS (
             SELECT * FROM ranked
             ORDER BY purchases DESC, signups DESC, clicks DESC, affiliate_id
             LIMIT $10 OFFSET $11
         )
         SELECT (SELECT count(*) FROM ranked) AS "total!", a.id AS "id?", a.user_email AS "user_email?",
                a.referral_code AS "referral_code?"
         FROM (VALUES (TRUE)) AS once
         LEFT JOIN (page JOIN affiliates a ON a.id = page.affiliate_id) ON TRUE
         ORDER BY page.purchases DESC, page.signups DESC, page.clicks DESC, a.id"#,
        realm.project.0,
        realm.mode.is_live(),
        &units,
        &first_days,
        &before_days,
        pieces.days.start,
        pieces.days.end,
        &outside_from,
        &outside_before,
        page.limit.saturating_add(1),
        page.offset,
    )
    .fetch_all(connection)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let rows = rows.into_iter().filter_map(|row| {
        Some(Ranked {
            id: AffiliateId(row.id?),
            user_email: row.user_email?,
            referral_code: row.referral_code?,
        })
    });
    Ok((Rows::cut(rows.collect(), page), total))
}
