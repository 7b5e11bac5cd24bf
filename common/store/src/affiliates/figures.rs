//! What affiliates brought and earned in all: one statement for any number of them, which reads sums of months ([`crate::rollups`]) and what
//! is not released yet.

use crate::rollups::distinct;
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
    let ids = distinct(affiliates);
    if ids.is_empty() {
        return Ok(figures);
    }
    // What was paid stays paid also when its conversion was taken back, or went to somebody else, and is then a debt, which is due at once.
    // What is not released yet is told payment by payment, since one that was paid before is no debt.
    let rows = sqlx::query!(
        r#"WITH rolled_up AS (
             SELECT r.* FROM UNNEST($1::BIGINT[]) AS wanted (id)
             CROSS JOIN LATERAL (SELECT project_id, livemode, id FROM affiliates WHERE id = wanted.id OFFSET 0) a
             CROSS JOIN LATERAL (
                 SELECT affiliate_id, currency, clicks, signups, conversions, purchases, net_minor, held_minor, posted_paid_minor
                 FROM rollups
                 WHERE project_id = a.project_id AND livemode = a.livemode AND unit = 'month' AND affiliate_id = a.id
                 OFFSET 0
             ) r
             UNION ALL
             SELECT affiliate_id, currency, clicks, signups, conversions, purchases, net_minor, held_minor, posted_paid_minor
             FROM rollup_deltas WHERE affiliate_id = ANY($1)
         ), sums AS (
             SELECT affiliate_id, currency, sum(clicks) AS clicks, sum(signups) AS signups, sum(conversions) AS conversions,
                    sum(purchases) AS purchases, sum(net_minor) AS net, sum(held_minor) AS held, sum(posted_paid_minor) AS paid
             FROM rolled_up GROUP BY affiliate_id, currency
         ), unreleased AS (
             SELECT affiliate_id, currency, sum(greatest(due, 0)) AS due, min(release_at) FILTER (WHERE due > 0) AS next_release_at
             FROM (
                 SELECT e.affiliate_id, e.currency, e.release_at,
                        e.net - e.held_minor - coalesce((
                            SELECT sum(l.paid) FROM ledger_movements l
                            WHERE l.conversion_id = e.id AND l.affiliate_id = e.affiliate_id AND l.currency = e.currency
                              AND (l.from_account = 'paid' OR l.to_account = 'paid')), 0) AS due
                 FROM UNNEST($1) AS wanted (id)
                 CROSS JOIN LATERAL (
                     SELECT id, affiliate_id, currency, release_at, commission_minor - clawed_back_minor AS net, held_minor
                     FROM conversions
                     WHERE affiliate_id = wanted.id AND merged_into IS NULL AND status <> 'pending' AND release_at > $2
                     OFFSET 0
                 ) e
             ) AS each GROUP BY affiliate_id, currency
         )
         SELECT affiliate_id AS "affiliate_id!", currency AS "currency!", clicks::BIGINT AS "clicks!",
                signups::BIGINT AS "signups!", conversions::BIGINT AS "conversions!", purchases::BIGINT AS "purchases!",
                net::BIGINT AS "total!", (net - paid)::BIGINT AS "unpaid!",
                (held + coalesce(u.due, 0))::BIGINT AS "held!", u.next_release_at AS "next_release_at?"
         FROM sums s LEFT JOIN unreleased u USING (affiliate_id, currency)
         ORDER BY 1, 2"#,
        &ids,
        now,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let entry = figures.entry(AffiliateId(row.affiliate_id)).or_default();
        entry.clicks = entry.clicks.saturating_add(row.clicks);
        entry.signups = entry.signups.saturating_add(row.signups);
        entry.purchases = entry.purchases.saturating_add(row.purchases);
        // Clicks and signups have no money; and nothing is told of a currency in which all went to somebody else.
        if row.conversions == 0 && row.unpaid == 0 {
            continue;
        }
        let currency = Currency::stored(&row.currency).map_err(decode)?;
        let money = |minor| Money { minor, currency };
        entry.earnings.push(Earnings {
            conversions: row.conversions,
            total: money(row.total),
            unpaid: money(row.unpaid),
            eligible: money(row.unpaid.saturating_sub(row.held)),
            held: money(row.held),
            next_release_at: row.next_release_at,
        });
    }
    Ok(figures)
}
