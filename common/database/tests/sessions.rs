//! Sessions on a real PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests stop at the first surprise")]

use database::{Limits, Sessions};
use sqlx::{PgConnection, PgPool, postgres::PgConnectOptions};
use std::time::Duration;

const ONE: &str = "SELECT number FROM numbers WHERE number = $1";

/// How the session's statement is run: its one plan for all parameters, kept since it was made.
async fn plan(session: &mut PgConnection) -> String {
    sqlx::query(ONE).bind(7_i32).fetch_all(&mut *session).await.unwrap();
    let name = "SELECT name FROM pg_prepared_statements WHERE statement = $1";
    let name: String = sqlx::query_scalar(name).bind(ONE).fetch_one(&mut *session).await.unwrap();
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN EXECUTE {name}(7)"));
    let lines: Vec<String> = sqlx::query_scalar(explain).fetch_all(session).await.unwrap();
    lines.join("\n")
}

async fn plans(pool: &PgPool, kept: Duration) -> (String, String) {
    sqlx::query("DROP TABLE IF EXISTS numbers").execute(pool).await.unwrap();
    sqlx::query("CREATE TABLE numbers (number INT PRIMARY KEY) WITH (autovacuum_enabled = off)")
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("VACUUM (ANALYZE) numbers").execute(pool).await.unwrap();
    let options = PgConnectOptions::clone(&pool.connect_options());
    let options = options.options([("plan_cache_mode", "force_generic_plan"), ("enable_bitmapscan", "off")]);
    let sessions = Sessions::keeping_plans(kept, options, Limits::SERVICE, 1);
    let mut session = sessions.open().await.unwrap();
    let of_empty = plan(&mut session).await;
    session.done();
    sqlx::query("INSERT INTO numbers SELECT generate_series(1, 100000)").execute(pool).await.unwrap();
    let mut session = sessions.open().await.unwrap();
    let of_full = plan(&mut session).await;
    session.done();
    (of_empty, of_full)
}

/// Of an empty table an index costs more than its rows, and nobody says that it filled: there are no statistics yet.
#[sqlx::test(migrations = false)]
async fn old_plans_are_made_anew(pool: PgPool) {
    let (of_empty, of_full) = plans(&pool, Duration::from_mins(1)).await;
    assert_eq!(of_empty, of_full, "a plan is kept for a while");
    let (of_empty, of_full) = plans(&pool, Duration::ZERO).await;
    assert_ne!(of_empty, of_full, "and no longer");
}
