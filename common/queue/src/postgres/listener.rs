//! Hears that a writer stored something, so that an idle worker need not wait for its next poll.

use super::{CHANNEL, connection};
use crate::{
    Prefix, QueueConfig,
    backoff::{self, chain},
    telemetry,
};
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Listens until `stop`, waking `wake` for each notification and after each reconnection.
pub(super) async fn run(config: QueueConfig, wake: Arc<Notify>, stop: CancellationToken) {
    // LISTEN needs a connection of its own, kept open.
    let pool =
        PgPoolOptions::new().max_connections(1).connect_lazy_with(connection::options(&config, "listener"));
    let mut delays = backoff::forever();
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = listen(&pool, &config.prefix, &wake) => heard,
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
async fn listen(pool: &sqlx::PgPool, queue: &Prefix, wake: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    // Something may have been stored while nobody listened.
    wake.notify_one();
    while let Ok(Some(notification)) = listener.try_recv().await {
        if notification.payload() == queue.as_str() {
            wake.notify_one();
        }
    }
    Ok(())
}
