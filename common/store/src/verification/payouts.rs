//! The rules of payouts.

use super::{EXAMPLES, Finding, Wrong, finding};
use crate::{PgConnection, StoreError};
use domain::ids::ProjectId;

pub(super) async fn sum_to_their_items(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT p.id, count(*) OVER () AS "violations!"
         FROM payouts p
         LEFT JOIN (SELECT payout_id, sum(amount_minor) AS amount FROM payout_items GROUP BY payout_id) i ON i.payout_id = p.id
         WHERE ($1::BIGINT IS NULL OR p.project_id = $1) AND i.amount IS DISTINCT FROM p.amount_minor
         ORDER BY p.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("a payout is the sum of its items", "payout", &rows))
}

/// By the fingerprint of `store::payouts::fingerprint`.
pub(super) async fn are_as_they_were_frozen(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT p.id, count(*) OVER () AS "violations!"
         FROM payouts p
         LEFT JOIN (
             SELECT payout_id, string_agg(conversion_id || ':' || amount_minor || E'\n', '' ORDER BY conversion_id) AS lines
             FROM payout_items GROUP BY payout_id
         ) i ON i.payout_id = p.id
         WHERE ($1::BIGINT IS NULL OR p.project_id = $1)
           AND sha256(convert_to(p.affiliate_id || ':' || p.currency || ':' || p.amount_minor || E'\n' || coalesce(i.lines, ''), 'UTF8'))
               <> p.items_sha256
         ORDER BY p.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("a payout's rows are as they were frozen", "payout", &rows))
}

/// Entry by entry, in both directions.
pub(super) async fn are_posted_once_paid(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT id AS "id!", count(*) OVER () AS "violations!" FROM (
             SELECT DISTINCT coalesce(i.payout_id, l.payout_id) AS id
             FROM (
                 SELECT i.* FROM payout_items i JOIN payouts p ON p.id = i.payout_id WHERE p.status = 'paid'
             ) i
             FULL JOIN (
                 SELECT payout_id, conversion_id, affiliate_id, currency, project_id, count(*) AS entries,
                        sum(paid) AS amount, -sum(payable) AS taken
                 FROM ledger_movements WHERE payout_id IS NOT NULL
                 GROUP BY payout_id, conversion_id, affiliate_id, currency, project_id
             ) l ON l.payout_id = i.payout_id AND l.conversion_id = i.conversion_id AND l.affiliate_id = i.affiliate_id
                AND l.currency = i.currency
             LEFT JOIN payouts p ON p.id = i.payout_id
             WHERE ($1::BIGINT IS NULL OR coalesce(p.project_id, l.project_id) = $1)
               AND (l.entries IS DISTINCT FROM 1 OR l.amount IS DISTINCT FROM i.amount_minor OR l.taken IS DISTINCT FROM i.amount_minor)
         ) AS wrong
         ORDER BY id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding(
        "the ledger has one entry for each item of a paid payout, and none of another",
        "payout",
        &rows,
    ))
}

/// By the payouts' own status, which the items' `open` has to follow.
pub(super) async fn close_with_their_items(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT id AS "id!", count(*) OVER () AS "violations!" FROM (
             SELECT DISTINCT p.id
             FROM payout_items i JOIN payouts p ON p.id = i.payout_id
             WHERE ($1::BIGINT IS NULL OR p.project_id = $1) AND i.open <> (p.status = 'open')
         ) AS wrong
         ORDER BY id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("an open payout's items are open, and no others", "payout", &rows))
}

/// Of each payment, of all rows that turned out to be it: what payouts paid and have frozen is at no time more than it
/// once earned. What was taken back since is a debt.
pub(super) async fn pay_no_more_than_was_earned(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"WITH earned AS (
             SELECT conversion_id, affiliate_id, currency, max(running) AS most
             FROM (
                 SELECT coalesce(c.merged_into, c.id) AS conversion_id, l.affiliate_id, l.currency,
                        sum(l.earned) OVER (PARTITION BY coalesce(c.merged_into, c.id), l.affiliate_id, l.currency ORDER BY l.id) AS running
                 FROM ledger_movements l JOIN conversions c ON c.id = l.conversion_id
                 WHERE $1::BIGINT IS NULL OR l.project_id = $1
             ) r
             GROUP BY conversion_id, affiliate_id, currency
         ), paid AS (
             SELECT coalesce(c.merged_into, c.id) AS conversion_id, i.affiliate_id, i.currency, sum(i.amount_minor) AS minor
             FROM payout_items i
             JOIN payouts p ON p.id = i.payout_id
             JOIN conversions c ON c.id = i.conversion_id
             WHERE p.status <> 'canceled' AND ($1 IS NULL OR p.project_id = $1)
             GROUP BY 1, 2, 3
         )
         SELECT conversion_id AS "id!", count(*) OVER () AS "violations!"
         FROM paid LEFT JOIN earned USING (conversion_id, affiliate_id, currency)
         WHERE minor > coalesce(most, 0)
         ORDER BY conversion_id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("payouts pay no more of a payment than it earned", "conversion", &rows))
}

pub(super) async fn stay_within_their_project(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT id AS "id!", count(*) OVER () AS "violations!" FROM (
             SELECT DISTINCT p.id
             FROM payouts p
             JOIN payout_batches b ON b.id = p.batch_id
             JOIN affiliates a ON a.id = p.affiliate_id
             JOIN payout_items i ON i.payout_id = p.id
             JOIN conversions c ON c.id = i.conversion_id
             WHERE ($1::BIGINT IS NULL OR p.project_id = $1)
               AND ((b.project_id, b.livemode) <> (p.project_id, p.livemode)
                    OR (a.project_id, a.livemode) <> (p.project_id, p.livemode)
                    OR (c.project_id, c.livemode) <> (p.project_id, p.livemode)
                    OR (i.affiliate_id, i.currency) <> (p.affiliate_id, p.currency))
         ) AS wrong
         ORDER BY id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("a payout, its affiliate and its conversions are of one project and mode", "payout", &rows))
}

/// The row's own account of it.
pub(super) async fn are_known_to_conversions(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT c.id, count(*) OVER () AS "violations!"
         FROM conversions c
         LEFT JOIN (
             SELECT coalesce(m.merged_into, m.id) AS conversion_id, l.affiliate_id, l.currency, sum(l.paid_out) AS minor
             FROM ledger_balances l JOIN conversions m ON m.id = l.conversion_id
             WHERE $1::BIGINT IS NULL OR l.project_id = $1
             GROUP BY 1, 2, 3
         ) l ON (l.conversion_id, l.affiliate_id, l.currency) = (c.id, c.affiliate_id, c.currency)
         WHERE ($1 IS NULL OR c.project_id = $1) AND c.paid_out_minor <> coalesce(l.minor, 0)
         ORDER BY c.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("what payouts paid of a conversion is what the ledger says", "conversion", &rows))
}

/// What callers said is paid: beside what payouts had paid, and never the same twice.
pub(super) async fn are_beside_what_callers_paid(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"WITH posted AS (
             SELECT conversion_id, affiliate_id, currency, said_paid AS minor
             FROM ledger_balances
             WHERE $1::BIGINT IS NULL OR project_id = $1
         ), told AS (
             SELECT s.conversion_id, s.affiliate_id, s.currency, greatest(max(s.minor), 0) AS minor
             FROM said_paid_left s JOIN conversions c ON c.id = s.conversion_id
             WHERE $1 IS NULL OR c.project_id = $1
             GROUP BY s.conversion_id, s.affiliate_id, s.currency
         )
         SELECT conversion_id AS "id!", count(*) OVER () AS "violations!"
         FROM posted FULL JOIN told USING (conversion_id, affiliate_id, currency)
         WHERE coalesce(posted.minor, 0) <> coalesce(told.minor, 0)
         ORDER BY conversion_id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding(
        "what callers said is paid is what the ledger says, less what payouts had paid",
        "conversion",
        &rows,
    ))
}
