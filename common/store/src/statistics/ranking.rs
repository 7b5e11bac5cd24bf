//! Which affiliates brought something, the busiest first.

use super::Span;
use crate::page::{Page, Rows};
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
    // The count comes with every row, and also where the page has none.
    let rows = sqlx::query!(
        r#"WITH brought AS (
             SELECT affiliate_id, 0 AS purchases, 0 AS signups, count(*) AS clicks
             FROM clicks
             WHERE project_id = $1 AND livemode = $2 AND occurred_at >= $3 AND occurred_at < $4
             GROUP BY affiliate_id
             UNION ALL
             SELECT affiliate_id, 0, count(*), 0
             FROM customers
             WHERE project_id = $1 AND livemode = $2 AND first_seen_at >= $3 AND first_seen_at < $4
               AND affiliate_id IS NOT NULL AND NOT retired
             GROUP BY affiliate_id
             UNION ALL
             SELECT affiliate_id, count(*) FILTER (WHERE type = 'purchase' AND status <> 'reversed'), 0, 0
             FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND occurred_at >= $3 AND occurred_at < $4
               AND affiliate_id IS NOT NULL AND merged_into IS NULL AND status <> 'pending'
             GROUP BY affiliate_id
         ), ranked AS (
             SELECT affiliate_id, sum(purchases) AS purchases, sum(signups) AS signups, sum(clicks) AS clicks
             FROM brought GROUP BY affiliate_id
         ), page AS (
             SELECT * FROM ranked
             ORDER BY purchases DESC, signups DESC, clicks DESC, affiliate_id
             LIMIT $5 OFFSET $6
         )
         SELECT (SELECT count(*) FROM ranked) AS "total!", a.id AS "id?", a.user_email AS "user_email?",
                a.referral_code AS "referral_code?"
         FROM (VALUES (TRUE)) AS once
         LEFT JOIN (page JOIN affiliates a ON a.id = page.affiliate_id) ON TRUE
         ORDER BY page.purchases DESC, page.signups DESC, page.clicks DESC, a.id"#,
        realm.project.0,
        realm.mode.is_live(),
        span.from,
        span.before,
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
