//! Each migration on a database that is in use: rows as the version before wrote them, migrated, and read.
//!
//! `migrations/NNNN_name.sql` here belongs to the migration of that name and has three parts: the rows, a query after a line
//! `-- read`, and what it gives after a line `-- gives`, each row as JSON in a comment. Rows stay, so a migration meets those
//! of every version before it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::ids::ProjectId;
use sqlx::{AssertSqlSafe, migrate::Migrator};
use std::fs;
use store::{PgPool, digest, verification};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// What a migration finds and leaves.
struct Data {
    rows: String,
    query: String,
    gives: Vec<String>,
}

impl Data {
    fn of(version: i64, description: &str) -> Self {
        let name = format!("{version:04}_{}.sql", description.replace(' ', "_"));
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/migrations");
        let text = fs::read_to_string(format!("{folder}/{name}")).unwrap_or_else(|error| {
            panic!("a migration has rows to be tried on: write {folder}/{name} ({error})")
        });
        let (rows, rest) = text.split_once("\n-- read\n").unwrap();
        let (query, gives) = rest.split_once("\n-- gives\n").unwrap();
        let gives = gives.lines().map(|line| line.trim_start_matches("-- ").to_owned()).collect();
        Self { rows: rows.to_owned(), query: query.to_owned(), gives }
    }
}

#[sqlx::test(migrations = false)]
async fn rows_of_every_version_are_migrated_and_read(pool: PgPool) {
    let mut versions = MIGRATIONS.iter().map(|migration| (migration.version, &migration.description));
    let (first, _) = versions.next().unwrap();
    MIGRATIONS.run_to(first, &pool).await.unwrap();
    for (version, description) in versions {
        let data = Data::of(version, description);
        sqlx::raw_sql(AssertSqlSafe(data.rows)).execute(&pool).await.unwrap();
        MIGRATIONS.run_to(version, &pool).await.unwrap();
        let query = format!("SELECT to_jsonb(r)::TEXT FROM ({}) r", data.query);
        let read: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&pool).await.unwrap();
        assert_eq!(read, data.gives, "after migration {version}");
    }

    // What has been through all of them is what this program takes it for.
    store::migrate(&pool).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    for finding in verification::verify(&mut connection, Some(ProjectId(1))).await.unwrap() {
        assert_eq!(finding.violations, 0, "{finding:?}");
    }
    assert!(!digest::of(&mut connection, Some(ProjectId(1))).await.unwrap().is_empty());
}
