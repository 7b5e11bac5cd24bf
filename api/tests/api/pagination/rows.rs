//! Rows of every list.

use crate::support::Project;
use store::PgPool;

/// Rows of each kind; more than every default limit.
const ROWS: i64 = 60;

/// Of each kind [`ROWS`], three at a time in one moment of March 2026.
pub(crate) async fn enter(pool: &PgPool, owner: &Project) {
    let at = "'2026-03-01Z'::timestamptz + (n - 1) % 20 * INTERVAL '1 day'";
    // Of what is listed in the order of writing.
    let in_order = "'2026-03-01Z'::timestamptz + (n - 1) / 3 * INTERVAL '1 day'";
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code, status, created_at)
         SELECT {project}, FALSE, n || '@example.com', n || '@example.com', 'CODE' || n,
                CASE WHEN n % 4 = 0 THEN 'inactive' ELSE 'active' END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, status, affiliate_id, first_seen_at)
         SELECT {project}, FALSE, n, n, n || '@example.com',
                CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'direct_signup' END,
                CASE WHEN n % 3 = 0 THEN n % 2 + 1 END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, status, created_at)
         SELECT {project}, FALSE, n % 3 + 1, CASE WHEN n % 2 = 0 THEN 'SAVE_' ELSE 'SAVE-' END || n,
                CASE WHEN n % 2 = 0 THEN 'save_' ELSE 'save-' END || n,
                CASE WHEN n % 4 = 0 THEN 'inactive' ELSE 'active' END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, affiliate_id, paid,
                                  occurred_at)
         SELECT {project}, FALSE, 'in_' || n, CASE WHEN n % 5 = 0 THEN 'signup' ELSE 'purchase' END, 'stripe',
                CASE WHEN n % 7 = 0 THEN 'reversed' ELSE 'unattributed' END, 'usd',
                CASE WHEN n % 6 = 0 THEN 1 END, n % 3 = 0, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO webhook_endpoints (project_id, livemode, url, events, created_at)
         SELECT {project}, FALSE, 'https://' || n || '.example', '{{*}}', {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO webhook_deliveries (endpoint_id, notification_id, sequence, event, status, due_since, next_attempt_at,
                                         created_at)
         SELECT 1, n, n, CASE WHEN n % 2 = 0 THEN 'payout_paid' ELSE 'payout_created' END,
                CASE WHEN n % 3 = 0 THEN 'parked' ELSE 'failed' END, now(), now(),
                {in_order} FROM generate_series(1, {ROWS}) n;
         INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor)
         SELECT {project}, FALSE, 'batch-' || n, '{{}}', now(), '[]', 'test' FROM generate_series(1, {ROWS}) n;
         INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256, created_at)
         SELECT n, {project}, FALSE, n % 3 + 1, CASE WHEN n % 2 = 0 THEN 'eur' ELSE 'usd' END, 100, '', {at}
         FROM generate_series(1, {ROWS}) n;
         INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
         SELECT id, id, affiliate_id, currency, 100 FROM payouts;
         INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason, died_at)
         SELECT 'tributary', {project}, FALSE, jsonb_build_object('source', CASE WHEN n % 3 = 0 THEN 'stripe' ELSE 'api' END), '', 1,
                CASE WHEN n % 2 = 0 THEN 'no customer' ELSE 'no JSON' END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, settled_at, ignored,
                             body_sha256, body)
         SELECT {project}, FALSE, 'evt_' || n, CASE WHEN n % 3 = 0 THEN 'api' ELSE 'stripe' END,
                CASE WHEN n % 2 = 0 THEN 'invoice.paid' ELSE 'charge.succeeded' END, now(), now(), {in_order},
                CASE WHEN n % 4 = 0 THEN 'nothing to do' END, '', '' FROM generate_series(1, {ROWS}) n;
         INSERT INTO decisions (project_id, livemode, kind, subject, decided, actor, reason, decided_at)
         SELECT {project}, FALSE, 'verdict', 'in_' || n % 5, 'hold', 'test', 'checked', {in_order} FROM generate_series(1, {ROWS}) n;
         INSERT INTO acts (at, actor, project_id, livemode, what, subject)
         SELECT {in_order}, 'ada', {project}, FALSE, 'key revoked', n::text FROM generate_series(1, {ROWS}) n;
         INSERT INTO api_keys (project_id, livemode, name, prefix, sha256, created_at)
         SELECT {project}, FALSE, 'key ' || n, 'rgk_' || n, sha256(n::text::bytea), {at} FROM generate_series(2, {ROWS}) n;
         INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
         SELECT {project}, FALSE, n, 'click-' || n, 'CODE' || n, {at} FROM generate_series(1, {ROWS}) n",
        project = owner.realm.project,
    )))
    .execute(pool)
    .await
    .unwrap();
}

/// One row more of each kind, younger than all.
pub(super) async fn enter_newcomer(pool: &PgPool, owner: &Project, number: i64) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code)
         VALUES ({project}, FALSE, 'new-{number}', 'new-{number}', 'NEW-{number}');
         INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, status, first_seen_at)
         VALUES ({project}, FALSE, 1000 + {number}, 'new-{number}', 'new', 'direct', now());
         INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded)
         VALUES ({project}, FALSE, 1, 'NEW-{number}', 'new-{number}');
         INSERT INTO webhook_endpoints (project_id, livemode, url, events)
         VALUES ({project}, FALSE, 'https://new.example', '{{*}}');
         INSERT INTO webhook_deliveries (endpoint_id, notification_id, sequence, event, status, due_since, next_attempt_at,
                                         created_at)
         VALUES (1, 1000 + {number}, 1000 + {number}, 'payout_paid', 'failed', now(), now(), now());
         INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, occurred_at)
         VALUES ({project}, FALSE, 'in_new{number}', 'purchase', 'stripe', 'unattributed', 'usd', now());
         INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor)
         VALUES ({project}, FALSE, 'new-{number}', '{{}}', now(), '[]', 'test');
         INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256)
         SELECT max(id), {project}, FALSE, 1, 'usd', 100, '' FROM payout_batches;
         INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
         SELECT max(id), (SELECT max(id) FROM conversions), 1, 'usd', 100 FROM payouts;
         INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
         VALUES ('tributary', {project}, FALSE, '{{}}', '', 1, 'new');
         INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, body_sha256, body)
         VALUES ({project}, FALSE, 'evt_new{number}', 'stripe', 'invoice.paid', now(), now(), '', '');
         INSERT INTO decisions (project_id, livemode, kind, subject, decided, actor, reason, decided_at)
         VALUES ({project}, FALSE, 'verdict', 'in_new', 'hold', 'test', 'new', now());
         INSERT INTO acts (at, actor, project_id, livemode, what, subject)
         VALUES (now(), 'ada', {project}, FALSE, 'key revoked', 'new');
         INSERT INTO api_keys (project_id, livemode, name, prefix, sha256)
         VALUES ({project}, FALSE, 'new', 'rgk_new', sha256('new-{number}'))",
        project = owner.realm.project,
    )))
    .execute(pool)
    .await
    .unwrap();
}
