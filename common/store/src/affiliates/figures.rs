//! What affiliates brought and earned: a fixed number of statements for any number of them.

use crate::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::AffiliateId;
use domain::money::{Currency, Money};
use std::collections::BTreeMap;

/// What one affiliate brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Visits by its links.
    pub clicks: i64,
    /// Customers that are bound to it.
    pub signups: i64,
    /// Purchases that were not taken back.
    pub purchases: i64,
    /// What it earned, one for each currency, in order of their codes.
    pub earnings: Vec<Earnings>,
}

/// What one affiliate earned in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earnings {
    /// How many conversions it comes from.
    pub conversions: i64,
    /// Everything, net of what was taken back.
    pub total: Money,
    /// Not paid yet: eligible and held.
    pub unpaid: Money,
    /// Not paid yet, and may be.
    pub eligible: Money,
    /// Not paid yet, and may not be: before its release, or in dispute.
    pub held: Money,
    /// When the next of it is released.
    pub next_release_at: Option<DateTime<Utc>>,
}

/// What each of these affiliates brought, as of `now`.
pub async fn figures(
    connection: &mut PgConnection,
    affiliates: &[AffiliateId],
    now: DateTime<Utc>,
) -> Result<BTreeMap<AffiliateId, Figures>, StoreError> {
    let mut figures: BTreeMap<AffiliateId, Figures> =
        affiliates.iter().map(|id| (*id, Figures::default())).collect();
    let ids: Vec<i64> = affiliates.iter().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(figures);
    }
    count_clicks(connection, &ids, &mut figures).await?;
    count_signups(connection, &ids, &mut figures).await?;
    sum_earnings(connection, &ids, now, &mut figures).await?;
    Ok(figures)
}

async fn count_clicks(
    connection: &mut PgConnection,
    ids: &[i64],
    figures: &mut BTreeMap<AffiliateId, Figures>,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id, count(*) AS "count!" FROM clicks WHERE affiliate_id = ANY($1) GROUP BY affiliate_id"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        figures.entry(AffiliateId(row.affiliate_id)).or_default().clicks = row.count;
    }
    Ok(())
}

async fn count_signups(
    connection: &mut PgConnection,
    ids: &[i64],
    figures: &mut BTreeMap<AffiliateId, Figures>,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", count(*) AS "count!" FROM customers
         WHERE affiliate_id = ANY($1) AND NOT retired
         GROUP BY affiliate_id"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        figures.entry(AffiliateId(row.affiliate_id)).or_default().signups = row.count;
    }
    Ok(())
}

async fn sum_earnings(
    connection: &mut PgConnection,
    ids: &[i64],
    now: DateTime<Utc>,
    figures: &mut BTreeMap<AffiliateId, Figures>,
) -> Result<(), StoreError> {
    // The same sums as the ledger's accounts. What was paid is looked up there: it stays paid also
    // when its conversion was taken back, or went to somebody else, and is then a debt, which is due
    // at once. Payment by payment it is asked for those alone that are not released.
    let rows = sqlx::query!(
        r#"WITH earned AS (
             SELECT id, affiliate_id, currency, type, status, release_at, held_minor,
                    commission_minor - clawed_back_minor AS net
             FROM conversions
             WHERE affiliate_id = ANY($1) AND merged_into IS NULL AND status <> 'pending'
         ), sums AS (
             SELECT affiliate_id, currency, count(*) AS conversions,
                    count(*) FILTER (WHERE type = 'purchase' AND status <> 'reversed') AS purchases,
                    sum(net) AS net, sum(held_minor) AS held_minor
             FROM earned GROUP BY affiliate_id, currency
         ), unreleased AS (
             SELECT affiliate_id, currency, sum(greatest(due, 0)) AS due, min(release_at) FILTER (WHERE due > 0) AS next_release_at
             FROM (
                 SELECT e.affiliate_id, e.currency, e.release_at,
                        e.net - e.held_minor - coalesce((
                            SELECT sum(l.paid) FROM ledger_movements l
                            WHERE l.conversion_id = e.id AND l.affiliate_id = e.affiliate_id AND l.currency = e.currency), 0) AS due
                 FROM earned e WHERE e.release_at > $2
             ) AS each GROUP BY affiliate_id, currency
         ), paid AS (
             SELECT affiliate_id, currency, sum(paid) AS paid
             FROM ledger_movements
             WHERE affiliate_id = ANY($1) AND (from_account = 'paid' OR to_account = 'paid')
             GROUP BY affiliate_id, currency
         )
         SELECT affiliate_id AS "affiliate_id!", currency AS "currency!",
                coalesce(s.conversions, 0) AS "conversions!", coalesce(s.purchases, 0) AS "purchases!",
                coalesce(s.net, 0)::bigint AS "total!", (coalesce(s.net, 0) - coalesce(p.paid, 0))::bigint AS "unpaid!",
                (coalesce(s.held_minor, 0) + coalesce(u.due, 0))::bigint AS "held!", u.next_release_at AS "next_release_at?"
         FROM sums s FULL JOIN paid p USING (affiliate_id, currency) LEFT JOIN unreleased u USING (affiliate_id, currency)
         WHERE s.conversions > 0 OR coalesce(s.net, 0) <> coalesce(p.paid, 0)
         ORDER BY 1, 2"#,
        ids,
        now,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let currency = Currency::stored(&row.currency).map_err(decode)?;
        let money = |minor| Money { minor, currency };
        let entry = figures.entry(AffiliateId(row.affiliate_id)).or_default();
        entry.purchases = entry.purchases.saturating_add(row.purchases);
        entry.earnings.push(Earnings {
            conversions: row.conversions,
            total: money(row.total),
            unpaid: money(row.unpaid),
            eligible: money(row.unpaid.saturating_sub(row.held)),
            held: money(row.held),
            next_release_at: row.next_release_at,
        });
    }
    Ok(())
}
