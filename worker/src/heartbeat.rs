//! Says that this worker runs, for whoever wonders whether anybody takes from the queue; and tells by that whether the database is there
//! while nothing is to do.

use crate::place::{Kind, Place};
use queue::Prefix;
use std::{sync::Arc, time::Duration};
use store::workers::{self, Run};
use store::{Sessions, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between two beats: three are missed before a worker counts as silent.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long a beat may take.
const BEAT: Duration = Duration::from_secs(5);
/// How long taking leave may take: less than a stop has.
const LEAVE: Duration = Duration::from_secs(1);

/// Beats until `leave` is cancelled, then takes the row along.
pub(crate) async fn run(sessions: Sessions, place: Arc<Place>, queue: Prefix, leave: CancellationToken) {
    let run = Run {
        id: Uuid::now_v7(),
        queue: queue.as_str(),
        process: std::process::id(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut every = tokio::time::interval(INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while leave.run_until_cancelled(every.tick()).await.is_some() {
        match leave.run_until_cancelled(beat(&sessions, run)).await {
            None => break,
            Some(Ok(())) => place.answers(),
            Some(Err(error @ StoreError::Unavailable(_))) => {
                place.fails(Kind::Away, &common::causes(&error)).await;
            }
            Some(Err(error @ (StoreError::Refused(_) | StoreError::Slow(_)))) => {
                tracing::debug!(%error, "no heartbeat without the database");
            }
            Some(Err(error)) => tracing::error!(%error, "the heartbeat failed"),
        }
    }
    // A row that stays is seen to be old.
    if let Err(error) = sessions.run(LEAVE, async |session| workers::leave(session, run.id).await).await {
        tracing::debug!(%error, "the heartbeat could not be taken back");
    }
}

async fn beat(sessions: &Sessions, run: Run<'_>) -> Result<(), StoreError> {
    sessions.run(BEAT, async |session| workers::beat(session, run).await).await
}
