//! Databases that are made for one purpose and dropped after it.

use crate::{PgConnection, StoreError, connect, decode};
use domain::ids::Realm;
use sqlx::{AssertSqlSafe, Connection, Row};
use std::str::FromStr;

/// A database beside the one that `database_url` names, on the same server, and its URL. `name` is of letters, digits
/// and underscores; one that exists is dropped first.
///
/// # Errors
/// When the server cannot be reached, or the role may not create databases.
pub async fn create(database_url: &str, name: &str) -> Result<String, StoreError> {
    let url = beside(database_url, name)?;
    let mut connection = connect(database_url, "tributary bench").await?;
    statement(&mut connection, format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await?;
    statement(&mut connection, format!("CREATE DATABASE \"{name}\"")).await?;
    connection.close().await?;
    Ok(url)
}

/// Drops it again, whoever is connected to it.
///
/// # Errors
/// When the server cannot be reached, or refuses.
pub async fn drop(database_url: &str, name: &str) -> Result<(), StoreError> {
    let mut connection = connect(database_url, "tributary bench").await?;
    statement(&mut connection, format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await?;
    connection.close().await?;
    Ok(())
}

/// How the server is set up: the settings that decide how fast and how safe it is.
///
/// # Errors
/// When the database fails.
pub async fn settings(connection: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, current_setting(name) AS value FROM pg_settings
         WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size',
                        'wal_compression', 'default_toast_compression')
         ORDER BY name",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("value")?))).collect()
}

/// The size of the database on disk, in bytes.
///
/// # Errors
/// When the database fails.
pub async fn size(connection: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT pg_database_size(current_database())").fetch_one(connection).await?)
}

/// Conversions and events of a project and mode.
///
/// # Errors
/// When the database fails.
pub async fn rows(connection: &mut PgConnection, of: Realm) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM conversions WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL) AS conversions,
                (SELECT count(*) FROM events WHERE project_id = $1 AND livemode = $2) AS events",
    )
    .bind(of.project.0)
    .bind(of.mode.is_live())
    .fetch_one(connection)
    .await?;
    Ok((row.try_get("conversions")?, row.try_get("events")?))
}

/// The sessions in this database: the process behind each on the server's machine, and the application that it is of.
///
/// # Errors
/// When the database fails.
pub async fn sessions(connection: &mut PgConnection) -> Result<Vec<(i32, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT pid, application_name FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("pid")?, row.try_get("application_name")?))).collect()
}

async fn statement(connection: &mut PgConnection, sql: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// The same address with another database's name.
fn beside(database_url: &str, name: &str) -> Result<String, StoreError> {
    let safe = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
    let mut url = url::Url::from_str(database_url).map_err(decode)?;
    if !safe {
        return Err(decode("the name of a database has letters, digits and underscores"));
    }
    url.set_path(name);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn the_address_stays_and_the_name_changes() {
        let of = |url| beside(url, "bench_1").unwrap();
        assert_eq!(
            of("postgres://u:p@h:5433/a?sslmode=require"),
            "postgres://u:p@h:5433/bench_1?sslmode=require"
        );
        assert_eq!(of("postgres:///a?host=/run/pg&user=u"), "postgres:///bench_1?host=/run/pg&user=u");
        assert!(beside("postgres://h/a", "x\"y").is_err());
    }
}
