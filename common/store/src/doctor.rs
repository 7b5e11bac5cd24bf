//! What a doctor looks at: figures of a project and mode, and of the database.

use super::page::LOOKED_AT;
use super::refused_webhooks::{self, Refused};
use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use std::collections::BTreeSet;

/// Events of each type whose API versions are looked at.
const OF_A_TYPE: i64 = 20;
/// Types that are looked at; Stripe has some 250.
const MOST_TYPES: i64 = 1_000;
/// Customers whose codes are looked at, and facts of each of them.
const LATEST_CUSTOMERS: i64 = 500;
const OF_A_CUSTOMER: i64 = 50;

/// What a project and mode has received and lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Webhook secrets that are valid.
    pub secrets: i64,
    /// Stripe's types that came in the last 30 days, and the last event of each.
    pub types: Vec<(String, DateTime<Utc>)>,
    /// API versions of the latest events of each of those types.
    pub versions: Vec<String>,
    /// Events that a secret of this mode proved and that are of the other one, of the last 30 days and among the latest without effect.
    pub other_mode: i64,
    /// Codes that what is known of the latest customers carries and that belong to nobody, the most frequent first.
    pub unknown_codes: Vec<(String, i64)>,
    /// Thin events that wait, and why the first of them does.
    pub thin_waiting: i64,
    /// Why the first of those waits.
    pub thin_reason: Option<String>,
    /// Webhooks of the project that none of its secrets proves, of the last week, and when the last one came.
    pub refused: Option<Refused>,
    /// Open dead letters.
    pub dead_letters: i64,
    /// What the last comparison with Stripe found missing.
    pub missing: Option<i64>,
    /// When a reading of history began that is not finished.
    pub backfill_since: Option<DateTime<Utc>>,
}

/// The database's clock.
///
/// # Errors
/// [`StoreError`]
pub async fn clock(connection: &mut PgConnection) -> Result<DateTime<Utc>, StoreError> {
    Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(connection).await?)
}

/// For how many seconds the oldest message has been due on PostgreSQL's queue; none when nothing is.
///
/// # Errors
/// [`StoreError`]
pub async fn oldest_due(connection: &mut PgConnection) -> Result<Option<i64>, StoreError> {
    let oldest = sqlx::query_scalar!(
        r#"SELECT extract(epoch FROM now() - min(run_at))::BIGINT AS "seconds"
         FROM queue_messages WHERE run_at <= now() AND (leased_until IS NULL OR leased_until < now())"#
    );
    Ok(oldest.fetch_one(connection).await?)
}

/// Whether a worker has a session in this database.
///
/// # Errors
/// [`StoreError`]
pub async fn has_worker(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let session = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name = 'tributary-worker') AS "worker!""#
    );
    Ok(session.fetch_one(connection).await?)
}

/// What a project and mode has received and lacks.
///
/// # Errors
/// [`StoreError`]
pub async fn received(connection: &mut PgConnection, of: Realm) -> Result<Received, StoreError> {
    let (project, livemode) = (of.project.0, of.mode.is_live());
    // From one type to the next in the index of types, and of each the latest. `BETWEEN` keeps the type in the order that is asked for: the
    // primary key would lead past all events of the others.
    let latest = sqlx::query!(
        r#"WITH RECURSIVE types AS (
             (SELECT event_type FROM events WHERE project_id = $1 AND livemode = $2 ORDER BY event_type LIMIT 1)
             UNION ALL
             SELECT (SELECT e.event_type FROM events e
                     WHERE e.project_id = $1 AND e.livemode = $2 AND e.event_type > t.event_type ORDER BY e.event_type LIMIT 1)
             FROM types t WHERE t.event_type IS NOT NULL
           )
           SELECT t.event_type AS "event_type!", max(e.received_at) AS "last!",
                  array_agg(DISTINCT e.api_version) FILTER (WHERE e.api_version IS NOT NULL) AS versions
           FROM (SELECT event_type FROM types WHERE event_type IS NOT NULL LIMIT $4) t CROSS JOIN LATERAL (
             SELECT received_at, api_version FROM (
               SELECT received_at, api_version, source FROM events e
               WHERE e.project_id = $1 AND e.livemode = $2 AND e.event_type BETWEEN t.event_type AND t.event_type
               ORDER BY e.event_type, e.id DESC LIMIT $5
             ) latest
             WHERE source = 'stripe' LIMIT $3
           ) e
           WHERE e.received_at > now() - INTERVAL '30 days'
           GROUP BY t.event_type ORDER BY t.event_type"#,
        project,
        livemode,
        OF_A_TYPE,
        MOST_TYPES,
        LOOKED_AT,
    )
    .fetch_all(&mut *connection)
    .await?;
    let types: Vec<_> = latest.iter().map(|row| (row.event_type.clone(), row.last)).collect();
    let versions: BTreeSet<String> = latest.into_iter().filter_map(|row| row.versions).flatten().collect();
    let figures = sqlx::query!(
        r#"SELECT
             (SELECT count(*) FROM stripe_endpoints e WHERE e.project_id = $1 AND e.livemode = $2
                AND (e.revoked_at IS NULL OR e.revoked_at > now())) AS "secrets!",
             (SELECT count(*) FROM (
                SELECT source, received_at, ignored FROM events WHERE project_id = $1 AND livemode = $2 AND ignored IS NOT NULL
                ORDER BY id DESC LIMIT $3) e
              WHERE e.source = 'stripe' AND e.received_at > now() - INTERVAL '30 days' AND e.ignored LIKE 'a % mode event%')
                AS "other_mode!",
             (SELECT count(*) FROM thin_events t WHERE t.project_id = $1 AND t.livemode = $2) AS "thin_waiting!",
             (SELECT reason FROM thin_events t WHERE t.project_id = $1 AND t.livemode = $2
                ORDER BY received_at LIMIT 1) AS thin_reason,
             (SELECT count(*) FROM dead_letters d WHERE d.project_id = $1 AND d.livemode = $2
                AND d.retried_at IS NULL AND d.discarded_at IS NULL) AS "dead_letters!",
             (SELECT cardinality(missing)::BIGINT FROM reconciliations r WHERE r.project_id = $1 AND r.livemode = $2
                ORDER BY finished_at DESC LIMIT 1) AS missing,
             (SELECT started_at FROM backfills b WHERE b.project_id = $1 AND b.livemode = $2
                AND b.finished_at IS NULL) AS backfill_since"#,
        project,
        livemode,
        LOOKED_AT,
    )
    .fetch_one(&mut *connection)
    .await?;
    let refused = refused_webhooks::of_project(&mut *connection, of.project).await?;
    let unknown = sqlx::query!(
        r#"SELECT f.code AS "code!", count(*) AS "count!"
         FROM (SELECT cluster_id FROM customers WHERE project_id = $1 AND livemode = $2 AND NOT retired
               ORDER BY first_seen_at DESC, id DESC LIMIT $3) latest
         CROSS JOIN LATERAL (
           SELECT body ->> 'value' AS code, codes FROM (
             SELECT body, codes FROM facts WHERE cluster_id = latest.cluster_id LIMIT $4
           ) f
           WHERE codes IS NOT NULL AND body ->> 'fact' = 'touch' AND body ->> 'value' IS NOT NULL
         ) f
         WHERE NOT EXISTS (SELECT FROM referral_codes r WHERE r.project_id = $1 AND r.livemode = $2 AND r.code_folded = ANY(f.codes))
           AND NOT EXISTS (SELECT FROM coupons c WHERE c.project_id = $1 AND c.livemode = $2
                AND (c.code_folded = ANY(f.codes) OR lower(c.stripe_coupon_id) = ANY(f.codes)
                     OR lower(c.stripe_promotion_code_id) = ANY(f.codes)))
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"#,
        project,
        livemode,
        LATEST_CUSTOMERS,
        OF_A_CUSTOMER,
    )
    .fetch_all(connection)
    .await?;
    Ok(Received {
        secrets: figures.secrets,
        types,
        versions: versions.into_iter().collect(),
        other_mode: figures.other_mode,
        unknown_codes: unknown.into_iter().map(|row| (row.code, row.count)).collect(),
        thin_waiting: figures.thin_waiting,
        thin_reason: figures.thin_reason,
        refused,
        dead_letters: figures.dead_letters,
        missing: figures.missing,
        backfill_since: figures.backfill_since,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PgPool, keys, projects};
    use domain::ids::Mode;

    async fn run(connection: &mut PgConnection, sql: &'static str) {
        sqlx::raw_sql(sql).execute(connection).await.unwrap();
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_realm_tells_what_it_has_received_and_lacks(pool: PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        let project = projects::create(&mut connection, "Acme").await.unwrap().id;
        let realm = Realm { project, mode: Mode::Test };
        assert_eq!(received(&mut connection, realm).await.unwrap(), Received::default());

        keys::add_webhook_secret(&mut connection, realm, "whsec_0123456789abcdef").await.unwrap();
        run(
            &mut connection,
            "INSERT INTO events (project_id, livemode, event_id, source, event_type, api_version, occurred_at, received_at,
                                 ignored, body_sha256, body)
             VALUES (1, FALSE, 'evt_1', 'stripe', 'invoice.paid', 'v1', now(), now(), NULL, '', ''),
                    (1, FALSE, 'evt_2', 'stripe', 'invoice.paid', 'v2', now(), now(),
                     'a live mode event (livemode true), proven by a test mode secret', '', '');
             INSERT INTO thin_events (project_id, livemode, event_id, event_type, question, reason, received_at, ask_at)
             VALUES (1, FALSE, 'evt_3', 'invoice.paid', '', 'no key', now(), now());
             INSERT INTO clusters (project_id, livemode) VALUES (1, FALSE);
             INSERT INTO customers (project_id, livemode, cluster_id, anchor, status, first_seen_at)
             VALUES (1, FALSE, 1, 'cus_1', 'direct', now());
             INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id,
                                received_at, codes, links, body)
             VALUES (1, FALSE, 'touch', 1, TRUE, 0, now(), 'evt_1', now(), ARRAY['summer'], '[]',
                     '{\"fact\": \"touch\", \"value\": \"SUMMER\"}');",
        )
        .await;
        let found = received(&mut connection, realm).await.unwrap();
        assert_eq!((found.secrets, found.other_mode, found.thin_waiting), (1, 1, 1));
        assert_eq!(found.thin_reason.as_deref(), Some("no key"));
        assert_eq!((found.types.len(), found.types[0].0.as_str()), (1, "invoice.paid"));
        assert_eq!(found.versions, ["v1", "v2"]);
        assert_eq!(found.unknown_codes, [("SUMMER".to_owned(), 1)]);
        let other = received(&mut connection, Realm { project, mode: Mode::Live }).await.unwrap();
        assert_eq!(other, Received::default());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_message_that_nobody_takes_is_seen(pool: PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        assert_eq!(oldest_due(&mut connection).await.unwrap(), None);
        run(
            &mut connection,
            "INSERT INTO queue_messages (queue, headers, body, run_at) VALUES ('q', '{}', '', now() - INTERVAL '1 hour')",
        )
        .await;
        assert!(oldest_due(&mut connection).await.unwrap().is_some_and(|seconds| seconds >= 3_600));
    }
}
