//! Adds what has changed to the sums of days and months, now and then. Figures are exact without it, and slower: they read what is not added
//! yet (ADR 80).

use crate::backoff::{Waited, pause};
use crate::pressure::Pressure;
use std::{sync::Arc, time::Duration};
use store::rollups::roll_up;
use store::{Sessions, StoreError, within};
use tokio_util::sync::CancellationToken;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(5);
/// While batches are full so many looks are left out: what many events change of one sum is added to it once.
const LEFT_OUT: u32 = 3;
/// Changes of one transaction, at most and at least: half as many where they took too long.
const MOST: i64 = 20_000;
const LEAST: i64 = 100;
/// How long one may take: somewhat longer than the database lets it.
const STEP: Duration = Duration::from_secs(8);

/// Works until `shutdown` is cancelled. Whichever worker comes first does it; what failed is there the next time.
pub(crate) async fn run(sessions: Sessions, pressure: Arc<Pressure>, shutdown: CancellationToken) {
    let (mut left_out, mut most) = (0, MOST);
    while pause(INTERVAL, &shutdown).await == Waited::Whole {
        if pressure.is_felt() && left_out < LEFT_OUT {
            left_out += 1;
            continue;
        }
        left_out = 0;
        match shutdown.run_until_cancelled(catch_up(&sessions, most)).await {
            None => return,
            Some(Ok(())) => most = (most * 2).min(MOST),
            Some(Err(StoreError::Slow(error))) => {
                tracing::warn!(%error, changes = most, "adding to the sums takes long: fewer at a time; figures read what waits");
                most = (most / 2).max(LEAST);
            }
            Some(Err(error)) => log(&error),
        }
    }
}

/// Adds so many at a time until little is left.
async fn catch_up(sessions: &Sessions, most: i64) -> Result<(), StoreError> {
    let mut session = sessions.open().await?;
    while within(STEP, roll_up(&mut session, most)).await? == most {}
    session.done();
    Ok(())
}

fn log(error: &StoreError) {
    match error {
        StoreError::Unavailable(_)
        | StoreError::Refused(_)
        | StoreError::Serialization(_)
        | StoreError::Occupied(_)
        | StoreError::Slow(_) => tracing::debug!(%error, "adding to the sums: later"),
        StoreError::Constraint { .. } | StoreError::Other(_) => {
            tracing::error!(error = %common::causes(error), "adding to the sums failed");
        }
    }
}
