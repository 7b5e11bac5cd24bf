//! Whether the database's schema is the one that this program was built for.

use super::{MIGRATIONS, PgConnection, StoreError};
use sqlx::migrate::{Migrate, MigrateError};

/// Where the migrator keeps its history.
const HISTORY: &str = "_sqlx_migrations";

/// The database's schema beside this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The same.
    Current,
    /// Migrations are missing, or there is none at all.
    Behind,
    /// A newer program has migrated it.
    Ahead,
}

/// Compares the two.
///
/// # Errors
/// [`StoreError`]
pub async fn compare(connection: &mut PgConnection) -> Result<Schema, StoreError> {
    let begun = sqlx::query_scalar!(r#"SELECT to_regclass($1) IS NOT NULL AS "begun!""#, HISTORY)
        .fetch_one(&mut *connection)
        .await?;
    if !begun {
        return Ok(Schema::Behind);
    }
    // The table is the migrator's own, so the migrator reads it.
    let applied = connection.list_applied_migrations(HISTORY).await.map_err(|error| match error {
        MigrateError::Execute(error) => StoreError::from(error),
        other => StoreError::Other(sqlx::Error::Migrate(Box::new(other))),
    })?;
    let applied: Vec<i64> = applied.iter().map(|migration| migration.version).collect();
    let ours: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    Ok(if ours.iter().any(|version| !applied.contains(version)) {
        Schema::Behind
    } else if applied.iter().any(|version| !ours.contains(version)) {
        Schema::Ahead
    } else {
        Schema::Current
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PgPool;

    #[sqlx::test(migrations = false)]
    async fn a_database_is_behind_until_it_is_migrated(pool: PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        assert_eq!(compare(&mut connection).await.unwrap(), Schema::Behind);
        crate::migrate(&pool).await.unwrap();
        assert_eq!(compare(&mut connection).await.unwrap(), Schema::Current);
    }
}
