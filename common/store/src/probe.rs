//! Asking a database whether it is there, on a connection of its own: what else is asked of it has no part in the answer.

use super::schema::{self, Schema};
use super::{PgConnection, PgPool, StoreError, within};
use sqlx::Connection;
use std::time::Duration;

/// Asks one database again and again.
pub struct Probe {
    pool: PgPool,
    connection: Option<PgConnection>,
}

impl Probe {
    /// Of the database of a pool, none of whose connections it takes.
    #[must_use]
    pub fn of(pool: &PgPool) -> Self {
        Self { pool: pool.clone(), connection: None }
    }

    /// Whether the database answers within `patience`, and whether its tables are this program's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not answer in time.
    pub async fn look(&mut self, patience: Duration) -> Result<Schema, StoreError> {
        let looked = within(patience, self.compare()).await;
        if looked.is_err() {
            // Dropped rather than closed: a database that is not there is told nothing.
            self.connection = None;
        }
        looked
    }

    async fn compare(&mut self) -> Result<Schema, StoreError> {
        let connection = if let Some(connection) = &mut self.connection {
            connection
        } else {
            let options = self.pool.connect_options();
            self.connection.insert(PgConnection::connect_with(&options).await?)
        };
        schema::compare(connection).await
    }
}
