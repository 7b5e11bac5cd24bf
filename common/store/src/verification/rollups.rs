//! Whether the sums are what they add up (ADR 80).

use super::{EXAMPLES, Finding};
use crate::{PgConnection, StoreError};
use domain::ids::ProjectId;

pub(super) async fn are_what_happened(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"WITH told AS (
             SELECT project_id, livemode, affiliate_id, day, currency, sum(clicks) AS clicks, sum(signups) AS signups,
                    sum(conversions) AS conversions, sum(purchases) AS purchases, sum(base_minor) AS base,
                    sum(net_minor) AS net, sum(clawed_back_minor) AS clawed_back, sum(held_minor) AS held,
                    sum(entries) AS entries,
                    sum(posted_earned_minor) AS posted_earned, sum(posted_clawed_back_minor) AS posted_clawed_back,
                    sum(posted_held_minor) AS posted_held, sum(posted_paid_minor) AS posted_paid
             FROM (
                 SELECT project_id, livemode, affiliate_id, start AS day, currency, clicks, signups, conversions, purchases,
                        base_minor, net_minor, clawed_back_minor, held_minor, entries, posted_earned_minor, posted_clawed_back_minor,
                        posted_held_minor, posted_paid_minor
                 FROM rollups WHERE unit = 'day' AND affiliate_id <> 0
                 UNION ALL
                 SELECT * FROM rollup_deltas
             ) AS parts
             WHERE $1::BIGINT IS NULL OR project_id = $1
             GROUP BY 1, 2, 3, 4, 5
         ), happened AS (
             SELECT project_id, livemode, affiliate_id, (at AT TIME ZONE 'UTC')::DATE AS day, currency,
                    sum(clicks) AS clicks, sum(signups) AS signups, sum(conversions) AS conversions,
                    sum(purchases) AS purchases, sum(base_minor) AS base, sum(net_minor) AS net,
                    sum(clawed_back_minor) AS clawed_back, sum(held_minor) AS held, sum(entries) AS entries,
                    sum(posted_earned_minor) AS posted_earned, sum(posted_clawed_back_minor) AS posted_clawed_back,
                    sum(posted_held_minor) AS posted_held, sum(posted_paid_minor) AS posted_paid
             FROM rollup_sources WHERE $1 IS NULL OR project_id = $1
             GROUP BY 1, 2, 3, 4, 5
         )
         SELECT 'day' AS "unit!", affiliate_id AS "affiliate_id!", day::TEXT AS "start!", currency AS "currency!",
                count(*) OVER () AS "violations!"
         FROM told t FULL JOIN happened h USING (project_id, livemode, affiliate_id, day, currency)
         WHERE (coalesce(t.clicks, 0), coalesce(t.signups, 0), coalesce(t.conversions, 0), coalesce(t.purchases, 0),
                coalesce(t.base, 0), coalesce(t.net, 0), coalesce(t.clawed_back, 0), coalesce(t.held, 0), coalesce(t.entries, 0),
                coalesce(t.posted_earned, 0), coalesce(t.posted_clawed_back, 0), coalesce(t.posted_held, 0),
                coalesce(t.posted_paid, 0))
            <> (coalesce(h.clicks, 0), coalesce(h.signups, 0), coalesce(h.conversions, 0), coalesce(h.purchases, 0),
                coalesce(h.base, 0), coalesce(h.net, 0), coalesce(h.clawed_back, 0), coalesce(h.held, 0), coalesce(h.entries, 0),
                coalesce(h.posted_earned, 0), coalesce(h.posted_clawed_back, 0), coalesce(h.posted_held, 0),
                coalesce(h.posted_paid, 0))
         ORDER BY affiliate_id, day, currency LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("the sums of a day are what happened on it", &rows))
}

pub(super) async fn are_those_of_their_days(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"WITH of_days AS (
             SELECT d.project_id, d.livemode, u.unit, u.affiliate_id, date_trunc(u.unit, d.start::TIMESTAMP)::DATE AS start,
                    d.currency, sum(clicks) AS clicks, sum(signups) AS signups, sum(conversions) AS conversions,
                    sum(purchases) AS purchases, sum(base_minor) AS base, sum(net_minor) AS net,
                    sum(clawed_back_minor) AS clawed_back, sum(held_minor) AS held, sum(entries) AS entries,
                    sum(posted_earned_minor) AS posted_earned, sum(posted_clawed_back_minor) AS posted_clawed_back,
                    sum(posted_held_minor) AS posted_held, sum(posted_paid_minor) AS posted_paid
             FROM rollups d
             CROSS JOIN LATERAL (VALUES ('day', 0), ('month', 0), ('month', d.affiliate_id)) AS u (unit, affiliate_id)
             WHERE d.unit = 'day' AND d.affiliate_id <> 0 AND ($1::BIGINT IS NULL OR d.project_id = $1)
             GROUP BY 1, 2, 3, 4, 5, 6
         ), kept AS (
             SELECT * FROM rollups WHERE (unit = 'month' OR affiliate_id = 0) AND ($1 IS NULL OR project_id = $1)
         )
         SELECT unit AS "unit!", affiliate_id AS "affiliate_id!", start::TEXT AS "start!", currency AS "currency!",
                count(*) OVER () AS "violations!"
         FROM kept k FULL JOIN of_days d USING (project_id, livemode, unit, affiliate_id, start, currency)
         WHERE (k.clicks, k.signups, k.conversions, k.purchases, k.base_minor, k.net_minor, k.clawed_back_minor, k.held_minor,
                k.entries, k.posted_earned_minor, k.posted_clawed_back_minor, k.posted_held_minor, k.posted_paid_minor)
            IS DISTINCT FROM (d.clicks, d.signups, d.conversions, d.purchases, d.base, d.net, d.clawed_back, d.held,
                d.entries, d.posted_earned, d.posted_clawed_back, d.posted_held, d.posted_paid)
         ORDER BY unit, affiliate_id, start, currency LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("the sums of a month, and of all affiliates, are those of their days", &rows))
}

/// A sum that is not what it should be.
struct Wrong {
    unit: String,
    affiliate_id: i64,
    start: String,
    currency: String,
    /// How many there are in all.
    violations: i64,
}

fn finding(rule: &'static str, wrong: &[Wrong]) -> Finding {
    let example = |wrong: &Wrong| {
        let Wrong { unit, affiliate_id, start, currency, .. } = wrong;
        let whose = if *affiliate_id == 0 {
            "all affiliates".to_owned()
        } else {
            format!("affiliate {affiliate_id}")
        };
        let currency = if currency.is_empty() { String::new() } else { format!(" in {currency}") };
        format!("{whose}, {unit} {start}{currency}")
    };
    Finding {
        rule,
        violations: wrong.first().map_or(0, |one| one.violations),
        examples: wrong.iter().map(example).collect(),
    }
}
