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
/// Changes of one transaction.
const MOST: i64 = 20_000;
/// How long one may take.
const STEP: Duration = Duration::from_secs(8);

/// Works until `shutdown` is cancelled. Whichever worker comes first does it; what failed is there the next time.
pub(crate) async fn run(sessions: Sessions, pressure: Arc<Pressure>, shutdown: CancellationToken) {
    let mut left_out = 0;
    while pause(INTERVAL, &shutdown).await == Waited::Whole {
        if pressure.is_felt() && left_out < LEFT_OUT {
            left_out += 1;
            continue;
        }
        left_out = 0;
        match shutdown.run_until_cancelled(catch_up(&sessions)).await {
            None => return,
            Some(Ok(rolled_up)) if rolled_up > 0 => tracing::debug!(rolled_up, "changes are in the sums"),
            Some(Ok(_)) => {}
            Some(Err(error)) => log(&error),
        }
    }
}

/// Adds until little is left, and tells how much it was.
async fn catch_up(sessions: &Sessions) -> Result<i64, StoreError> {
    let mut session = sessions.open().await?;
    let mut all = 0;
    loop {
        let rolled_up = within(STEP, roll_up(&mut session, MOST)).await?;
        all += rolled_up;
        if rolled_up < MOST {
            session.done();
            return Ok(all);
        }
    }
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
