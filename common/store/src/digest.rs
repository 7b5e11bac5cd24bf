//! The digest: one hash of everything that was earned, by whom and why (ARCHITECTURE, promise 3).
//!
//! Two databases with the same digest hold the same ledger. It depends on the facts alone: not on
//! row ids, not on the order in which events came, not on when they were processed. It is the
//! SHA-256 of lines that end in a line feed, in byte order. Each line is a JSON array as PostgreSQL's
//! `json_build_array` writes it, with `null` where nothing is known:
//!
//! | line | after that name |
//! |---|---|
//! | `"balance"` | project, mode, affiliate, currency, account, minor units; no line for zero |
//! | `"conversion"` | project, mode, payment key, type, source, status, currency, base, commission, taken back, held, paid, affiliate, referral code, coupon, customer, time, release |
//! | `"customer"` | project, mode, `cus_…`, e-mail, external id, status, affiliate, time of the bind, time of the first payment |
//!
//! - Project is the id, and `null` throughout when one project is asked for: two projects with the
//!   same history then have the same digest.
//! - Affiliates and customers are told by their e-mail addresses, as they are compared.
//! - A conversion whose caller gave no reference has a key that is a row id; it is written as `"-"`.
//! - Times are UTC with microseconds, `2026-01-05T12:00:00.000000Z`.
//! - `paid` of a conversion is its caller's word; payouts show in the balances (ADR 13).
//! - What was merged into something else, and whoever turned out to be somebody else, is left out.
//!
//! The rows come sorted from the database and are hashed as they arrive, so memory does not grow
//! with the ledger.

use super::{PgConnection, StoreError};
use domain::ids::ProjectId;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};

/// The digest of one project, or of all, in hexadecimal.
///
/// # Errors
/// When the database fails.
pub async fn of(connection: &mut PgConnection, project: Option<ProjectId>) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    each_line(connection, project, |line| {
        hash.update(line);
        hash.update(b"\n");
    })
    .await?;
    Ok(hex::encode(hash.finalize()))
}

/// Hands over the lines that are hashed, in their order: two ledgers that should be equal are
/// compared by these.
///
/// # Errors
/// When the database fails.
pub async fn each_line(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
    mut line: impl FnMut(&str),
) -> Result<(), StoreError> {
    // One statement, so that all of it is seen at one moment.
    let mut lines = sqlx::query_scalar!(
        r#"
        SELECT line AS "line!" FROM (
            SELECT json_build_array(
                       'balance', CASE WHEN $1::BIGINT IS NULL THEN p.project_id END,
                       CASE WHEN p.livemode THEN 'live' ELSE 'test' END, a.email_normalised, p.currency, p.account,
                       sum(p.amount_minor))::TEXT AS line
            FROM ledger_postings p
            JOIN affiliates a ON a.id = p.affiliate_id
            WHERE $1 IS NULL OR p.project_id = $1
            GROUP BY p.project_id, p.livemode, a.email_normalised, p.currency, p.account
            HAVING sum(p.amount_minor) <> 0

            UNION ALL
            SELECT json_build_array(
                       'conversion', CASE WHEN $1 IS NULL THEN c.project_id END,
                       CASE WHEN c.livemode THEN 'live' ELSE 'test' END,
                       CASE WHEN c.payment_key LIKE 'conversion:%' THEN '-' ELSE c.payment_key END,
                       c.type, c.source, c.status, c.currency, c.base_minor, c.commission_minor, c.clawed_back_minor,
                       c.held_minor, c.paid, a.email_normalised, c.referral_code, c.coupon_code,
                       lower(btrim(u.user_email)),
                       to_char(c.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                       to_char(c.release_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::TEXT
            FROM conversions c
            LEFT JOIN affiliates a ON a.id = c.affiliate_id
            LEFT JOIN customers u ON u.id = c.customer_id
            WHERE c.merged_into IS NULL AND ($1 IS NULL OR c.project_id = $1)

            UNION ALL
            SELECT json_build_array(
                       'customer', CASE WHEN $1 IS NULL THEN u.project_id END,
                       CASE WHEN u.livemode THEN 'live' ELSE 'test' END,
                       u.stripe_customer_id, lower(btrim(u.user_email)), u.external_id, u.status, a.email_normalised,
                       to_char(u.bound_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                       to_char(u.converted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::TEXT
            FROM customers u
            LEFT JOIN affiliates a ON a.id = u.affiliate_id
            WHERE NOT u.retired AND ($1 IS NULL OR u.project_id = $1)
        ) AS lines
        ORDER BY line COLLATE "C"
        "#,
        project.map(|project| project.0),
    )
    .fetch(connection);
    while let Some(text) = lines.try_next().await? {
        line(&text);
    }
    Ok(())
}
