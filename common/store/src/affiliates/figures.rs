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
    // at once.
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", currency AS "currency!",
                count(id) AS "conversions!",
                count(id) FILTER (WHERE type = 'purchase' AND status <> 'reversed') AS "purchases!",
                sum(net)::bigint AS "total!",
                sum(net - paid)::bigint AS "unpaid!",
                sum(held_minor + CASE WHEN release_at > $2 THEN greatest(due, 0) ELSE 0 END)::bigint AS "held!",
                min(release_at) FILTER (WHERE release_at > $2 AND due > 0) AS next_release_at
         FROM (
             SELECT coalesce(c.affiliate_id, p.affiliate_id) AS affiliate_id, coalesce(c.currency, p.currency) AS currency,
                    c.id, c.type, c.status, c.release_at, n.net, n.held_minor, n.paid, n.net - n.held_minor - n.paid AS due
             FROM (
                 SELECT id, affiliate_id, currency, type, status, release_at, held_minor,
                        commission_minor - clawed_back_minor AS net
                 FROM conversions
                 WHERE affiliate_id = ANY($1) AND merged_into IS NULL AND status <> 'pending'
             ) c
             FULL JOIN (
                 SELECT affiliate_id, conversion_id, currency, sum(paid) AS paid
                 FROM ledger_movements
                 WHERE affiliate_id = ANY($1) AND (from_account = 'paid' OR to_account = 'paid')
                 GROUP BY affiliate_id, conversion_id, currency
             ) p ON (p.affiliate_id, p.conversion_id, p.currency) = (c.affiliate_id, c.id, c.currency)
             CROSS JOIN LATERAL (
                 SELECT coalesce(c.net, 0) AS net, coalesce(c.held_minor, 0) AS held_minor, coalesce(p.paid, 0) AS paid
             ) n
         ) AS accounts
         GROUP BY 1, 2
         HAVING count(id) > 0 OR sum(net - paid) <> 0
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
