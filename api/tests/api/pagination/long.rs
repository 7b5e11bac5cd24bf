//! Lists that are longer than what is looked at for a page, or counted.

use super::{LISTS, List};
use crate::support::{Project, project, start};
use serde_json::{Value, json};
use store::PgPool;
use store::page::{COUNTED, LOOKED_AT};

/// More than is counted.
const ROWS: i64 = COUNTED + 10;

/// Many rows of each of the long lists, of which the newest and the oldest are unlike the others.
async fn enter(pool: &PgPool, owner: &Project) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO customers (project_id, livemode, cluster_id, anchor, status, first_seen_at)
         SELECT {project}, FALSE, n, n, CASE WHEN n IN (1, {ROWS}) THEN 'pending' ELSE 'direct' END, '2026-03-01Z'::timestamptz + n * INTERVAL '1 s'
         FROM generate_series(1, {ROWS}) n;
         INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, paid, occurred_at)
         SELECT {project}, FALSE, 'in_' || n, 'purchase', 'stripe', 'unattributed', 'usd', n NOT IN (1, {ROWS}),
                '2026-03-01Z'::timestamptz + n * INTERVAL '1 s'
         FROM generate_series(1, {ROWS}) n;
         INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, settled_at, ignored,
                             body_sha256, body)
         SELECT {project}, FALSE, 'evt_' || n, CASE WHEN n = 2 THEN 'api' ELSE 'stripe' END,
                CASE WHEN n = 3 THEN 'refund.created' ELSE 'invoice.paid' END, now(), now(), now(),
                CASE WHEN n NOT IN (1, {ROWS}) THEN 'nothing to do' END, '', '' FROM generate_series(1, {ROWS}) n",
        project = owner.realm.project,
    )))
    .execute(pool)
    .await
    .unwrap();
}

/// The list at a path.
fn list(path: &str) -> &'static List {
    LISTS.iter().find(|list| list.path == path).unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn what_passes_a_filter_that_no_index_knows_is_found_however_far_behind(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for (path, filter) in [
        ("/api/v1/referrals", "status=pending"),
        ("/api/v1/conversions", "paid=false"),
        ("/api/v1/received-events", "outcome=settled"),
        ("/api/v1/received-events", "type=invoice.paid&outcome=settled"),
    ] {
        let list = list(path);
        let first = list.page(&api, &owner, filter).await;
        assert_eq!(
            (first.ids(), &first.pagination["has_more"]),
            (vec![ROWS, 1], &json!(false)),
            "{path}?{filter}"
        );
        assert_eq!(first.pagination["total"], 2, "{path}?{filter}");
        let mut page = list.page(&api, &owner, &format!("{filter}&limit=1")).await;
        let mut walked = page.ids();
        for _ in 0..=ROWS / LOOKED_AT {
            let Some(cursor) = page.pagination["next_cursor"].as_str() else { break };
            page = list.page(&api, &owner, &format!("{filter}&limit=1&cursor={cursor}")).await;
            walked.extend(page.ids());
        }
        assert_eq!((walked, &page.pagination["has_more"]), (vec![ROWS, 1], &json!(false)), "{path}?{filter}");
        let beyond = list.page(&api, &owner, &format!("{filter}&offset=2")).await;
        assert!(beyond.rows.is_empty(), "{path}?{filter}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_an_index_knows_is_found_at_once_and_counted(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for (path, filter, ids) in [
        ("/api/v1/received-events", "type=refund.created", &[3][..]),
        ("/api/v1/received-events", "type=refund.created&outcome=ignored", &[3]),
        ("/api/v1/received-events", "source=api", &[2]),
        ("/api/v1/received-events", "event_id=evt_1", &[1]),
        ("/api/v1/received-events", "type=nothing", &[]),
        ("/api/v1/conversions", "status=rejected", &[]),
        ("/api/v1/conversions", "type=signup", &[]),
        ("/api/v1/conversions", "affiliate_id=1&paid=true", &[]),
    ] {
        let page = list(path).page(&api, &owner, filter).await;
        let told = (page.ids(), &page.pagination["total"], &page.pagination["has_more"]);
        assert_eq!(told, (ids.to_vec(), &json!(ids.len()), &json!(false)), "{path}?{filter}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_that_is_longer_than_is_counted_has_no_total(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for (path, filter) in [
        ("/api/v1/referrals", ""),
        ("/api/v1/conversions", ""),
        ("/api/v1/conversions", "paid=true"),
        ("/api/v1/received-events", "outcome=ignored"),
    ] {
        let page = list(path).page(&api, &owner, &format!("{filter}&limit=5")).await;
        let told = (page.rows.len(), &page.pagination["total"], &page.pagination["has_more"]);
        assert_eq!(told, (5, &Value::Null, &json!(true)), "{path}?{filter}");
    }
}
