//! Renews the leases of the rows that a worker holds, and measures what waits.

use super::gauges;
use crate::{Prefix, backoff::chain};
use crate::{receipt::Lease, sessions::PATIENCE};
use database::{Sessions, within};
use sqlx::PgConnection;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A lease is renewed this many times in its life, so that a few failures in a row do not lose it.
const RENEWALS_PER_LEASE: u32 = 6;

/// How often the age of the oldest due row is measured, at least.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);

/// Runs until `stop`: as long as the consumer may hold rows.
pub(super) async fn run(
    sessions: Sessions,
    queue: Prefix,
    lease: Lease,
    length: Duration,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval((length / RENEWALS_PER_LEASE).min(MEASURE_INTERVAL));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = look(&sessions, &queue, &lease, length) => outcome,
        };
        if let Err(error) = outcome {
            tracing::debug!(error = chain(&error), "leases could not be renewed; they will be tried again");
        }
    }
}

async fn look(
    sessions: &Sessions,
    queue: &Prefix,
    lease: &Lease,
    length: Duration,
) -> Result<(), sqlx::Error> {
    let mut session = sessions.open().await?;
    let looked = within(PATIENCE, async {
        renew(&mut session, lease, length).await?;
        gauges::measure(&mut session, queue).await
    });
    let outcome = looked.await;
    session.end(outcome).await
}

async fn renew(connection: &mut PgConnection, lease: &Lease, length: Duration) -> Result<(), sqlx::Error> {
    let held = lease.held();
    if held.is_empty() {
        return Ok(());
    }
    // Rows that are settled at this moment are locked, and need no renewal.
    sqlx::query!(
        "WITH held AS (
             SELECT id FROM queue_messages WHERE id = ANY($1) AND lease = $2 ORDER BY id FOR UPDATE SKIP LOCKED
         )
         UPDATE queue_messages AS message
         SET leased_until = now() + make_interval(secs => $3)
         WHERE id = ANY(ARRAY(SELECT id FROM held))",
        &held,
        lease.name,
        length.as_secs_f64(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
