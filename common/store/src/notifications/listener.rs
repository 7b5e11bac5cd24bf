//! Hears that notifications were written, so that they are on their way within milliseconds.

use super::CHANNEL;
use crate::{StoreError, within};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// How long a listener hears nothing before it asks whether anybody is there.
const UNPROVED: Duration = Duration::from_secs(5);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection that listens.
pub struct Listener(PgListener);

impl Listener {
    /// Connects and listens. What was written before, nobody says.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect(database_url: &str, application: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(database_url)?.application_name(application);
        // One of its own each time: one that hangs would keep a pool's place.
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options);
        let mut listener = within(PATIENCE, PgListener::connect_with(&pool)).await?;
        listener.eager_reconnect(false);
        within(PATIENCE, listener.listen(CHANNEL)).await?;
        Ok(Self(listener))
    }

    /// Waits until something was written, or a few seconds.
    ///
    /// # Errors
    /// When the connection is lost: connect again.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        match tokio::time::timeout(UNPROVED, self.0.try_recv()).await {
            Ok(Ok(Some(_))) => Ok(()),
            Ok(Ok(None)) => Err(StoreError::Unavailable(sqlx::Error::PoolClosed)),
            Ok(Err(error)) => Err(error.into()),
            // Silence is what a quiet day sounds like, and a host that vanished.
            Err(_elapsed) => {
                within(PATIENCE, sqlx::query("SELECT 1").execute(&mut self.0)).await?;
                Ok(())
            }
        }
    }
}
