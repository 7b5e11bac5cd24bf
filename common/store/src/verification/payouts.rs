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

/// By the fingerprint of `store::payouts::seal`.
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
                        sum(CASE 'paid' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END) AS amount,
                        sum(CASE 'payable' WHEN from_account THEN amount_minor WHEN to_account THEN -amount_minor ELSE 0 END) AS taken
                 FROM ledger_entries WHERE payout_id IS NOT NULL
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
pub(super) async fn share_no_open_balance(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT id AS "id!", count(*) OVER () AS "violations!" FROM (
             SELECT DISTINCT i.payout_id AS id
             FROM (
                 SELECT i.payout_id, i.open, p.status, p.project_id,
                        count(*) FILTER (WHERE p.status = 'open') OVER (PARTITION BY i.conversion_id, i.affiliate_id, i.currency) AS open_ones
                 FROM payout_items i JOIN payouts p ON p.id = i.payout_id
             ) i
             WHERE ($1::BIGINT IS NULL OR i.project_id = $1)
               AND (i.open <> (i.status = 'open') OR (i.status = 'open' AND i.open_ones > 1))
         ) AS wrong
         ORDER BY id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("no conversion's balance is in two open payouts", "payout", &rows))
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

/// The row's own account of it, and that the caller's word and a payout never pay the same twice.
pub(super) async fn are_known_to_conversions(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT c.id, count(*) OVER () AS "violations!"
         FROM conversions c
         LEFT JOIN (
             SELECT conversion_id, affiliate_id, currency,
                    coalesce(sum(signed) FILTER (WHERE payout_id IS NOT NULL), 0) AS by_payouts,
                    coalesce(sum(signed) FILTER (WHERE payout_id IS NULL), 0) AS as_said
             FROM ledger_entries,
                  LATERAL (SELECT CASE 'paid' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END AS signed) s
             WHERE ($1::BIGINT IS NULL OR project_id = $1) AND (from_account = 'paid' OR to_account = 'paid')
             GROUP BY conversion_id, affiliate_id, currency
         ) l ON (l.conversion_id, l.affiliate_id, l.currency) = (c.id, c.affiliate_id, c.currency)
         LEFT JOIN (
             SELECT conversion_id, affiliate_id, currency, sum(amount_minor) AS frozen
             FROM payout_items WHERE open GROUP BY conversion_id, affiliate_id, currency
         ) i ON (i.conversion_id, i.affiliate_id, i.currency) = (c.id, c.affiliate_id, c.currency)
         WHERE ($1 IS NULL OR c.project_id = $1)
           AND (c.paid_out_minor <> coalesce(l.by_payouts, 0)
                OR coalesce(l.as_said, 0) <> CASE WHEN c.paid AND c.affiliate_id IS NOT NULL AND c.merged_into IS NULL
                    THEN greatest(c.commission_minor - c.clawed_back_minor - c.held_minor - coalesce(l.by_payouts, 0) - coalesce(i.frozen, 0), 0)
                    ELSE 0 END)
         ORDER BY c.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding(
        "what is paid of a conversion, by payouts and as its caller said, is what the ledger says",
        "conversion",
        &rows,
    ))
}
