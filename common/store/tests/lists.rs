//! What lists read of tables that others fill as well.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests stop at the first surprise")]

use domain::ids::{Mode, ProjectId, Realm};
use sqlx::raw_sql;
use store::events::{self, Filter};
use store::page::Page;
use store::{PgConnection, PgPool, acts, doctor};

/// Most rows are one project's, and those of another are newer: what a walk through all of them would pass first.
const TWO_PROJECTS: &str = "
    INSERT INTO projects (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'large'), (2, 'busy');
    INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, settled_at, ignored, body_sha256, body)
    SELECT CASE WHEN n <= 20000 THEN 1 ELSE 2 END, FALSE, 'evt_' || n, 'stripe', 'invoice.paid', now(), now(), now(), NULL, '', ''
    FROM generate_series(1, 24000) n;
    INSERT INTO acts (project_id, livemode, at, actor, what, subject, detail)
    SELECT CASE WHEN n <= 20000 THEN 1 ELSE 2 END, FALSE, now(), 'somebody', 'did', 'something', '{}' FROM generate_series(1, 24000) n;
    ANALYZE events; ANALYZE acts";

const LARGE: Realm = Realm { project: ProjectId(1), mode: Mode::Test };

/// A third project, of which statistics know nothing.
const UNKNOWN_PROJECT: &str = "
    INSERT INTO projects (id, name) OVERRIDING SYSTEM VALUE VALUES (3, 'new');
    INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, settled_at, ignored, body_sha256, body)
    SELECT 3, FALSE, 'evt_' || n, 'stripe', 'invoice.paid', now(), now(), now(), NULL, '', '' FROM generate_series(1, 5000) n";

/// Rows that this session has read since it last told of them: of two looks the difference counts.
async fn read(connection: &mut PgConnection) -> i64 {
    let read =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(oid) + pg_stat_get_xact_tuples_returned(oid))::BIGINT
                FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    sqlx::query_scalar(read).fetch_one(connection).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_list_of_one_project_passes_nobody_elses_rows(pool: PgPool) {
    raw_sql(TWO_PROJECTS).execute(&pool).await.unwrap();
    let page = Page { limit: 10, offset: 0, after: None, may_stop: true };
    let mut transaction = pool.begin().await.unwrap();
    let mut before = read(&mut transaction).await;
    assert_eq!(
        events::page(&mut transaction, LARGE, &Filter::default(), &page).await.unwrap().rows.len(),
        10
    );
    let now = read(&mut transaction).await;
    assert!(now - before < 200, "events read {} rows", now - before);
    before = now;
    assert_eq!(acts::page(&mut transaction, LARGE, &page).await.unwrap().rows.len(), 10);
    let now = read(&mut transaction).await;
    assert!(now - before < 200, "acts read {} rows", now - before);
    before = now;
    let recent = events::recent(&mut transaction, LARGE, 20, chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(recent.looked_at, 20);
    let now = read(&mut transaction).await;
    assert!(now - before < 200, "the latest events read {} rows", now - before);
    before = now;
    // Up to 5,000 of a type are looked at.
    assert_eq!(doctor::received(&mut transaction, LARGE).await.unwrap().types.len(), 1);
    let now = read(&mut transaction).await;
    assert!(now - before < 2_500, "the doctor read {} rows", now - before);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_is_found_by_its_name_whatever_statistics_say(pool: PgPool) {
    raw_sql(TWO_PROJECTS).execute(&pool).await.unwrap();
    raw_sql(UNKNOWN_PROJECT).execute(&pool).await.unwrap();
    let new = Realm { project: ProjectId(3), mode: Mode::Test };
    let page = Page { limit: 10, offset: 0, after: None, may_stop: true };
    for (name, found) in [("evt_7", 1), ("evt_none", 0)] {
        let mut transaction = pool.begin().await.unwrap();
        let filter = Filter { event: Some(name.to_owned()), ..Filter::default() };
        let before = read(&mut transaction).await;
        let rows = events::page(&mut transaction, new, &filter, &page).await.unwrap().rows;
        assert_eq!(rows.len(), found, "{name}");
        let now = read(&mut transaction).await;
        assert!(now - before < 100, "{name}: {} rows were read", now - before);
    }
}
