//! Hears that a writer stored something, so that an idle worker need not wait for its next poll.

use super::CHANNEL;
use crate::sessions::{self, PATIENCE};
use crate::{
    QueueConfig,
    backoff::{self, chain},
    telemetry,
};
use database::within;
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long a listener hears nothing before it asks whether anybody is there.
const UNPROVED: Duration = Duration::from_secs(5);

/// Listens until `stop`, waking `wake` for each notification and after each reconnection.
pub(super) async fn run(config: QueueConfig, wake: Arc<Notify>, stop: CancellationToken) {
    let mut delays = backoff::forever();
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = listen(&config, &wake) => heard,
        };
        match heard {
            Ok(()) => delays = backoff::forever(),
            Err(error) => tracing::debug!(error = chain(&error), "not listening for new messages; polling"),
        }
        metrics::counter!(telemetry::RECONNECTS, "connection" => "listen").increment(1);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(delays.next().unwrap_or_default()) => {}
        }
    }
}

/// Returns when the connection is lost after it was established, fails when it can't be.
async fn listen(config: &QueueConfig, wake: &Notify) -> Result<(), sqlx::Error> {
    // LISTEN needs a connection of its own, kept open; and a pool of its own each time, since one that hangs would keep
    // the pool's only place.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(sessions::options(config, "listener"));
    let mut listener = within(PATIENCE, PgListener::connect_with(&pool)).await?;
    listener.eager_reconnect(false);
    within(PATIENCE, listener.listen(CHANNEL)).await?;
    // Something may have been stored while nobody listened.
    wake.notify_one();
    loop {
        match timeout(UNPROVED, listener.try_recv()).await {
            Ok(Ok(Some(notification))) if notification.payload() == config.prefix.as_str() => {
                wake.notify_one();
            }
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None) | Err(_)) => return Ok(()),
            // Silence is what a quiet day sounds like, and a host that vanished.
            Err(_elapsed) => {
                within(PATIENCE, sqlx::query("SELECT 1").execute(&mut listener)).await?;
            }
        }
    }
}
