//! Numbers what is committed.

use super::{Wakes, log, telemetry};
use crate::backoff::{Backoff, Waited, pause};
use crate::pressure::Pressure;
use std::time::Duration;
use store::notifications::{Sequenced, give_sequence};
use store::{Connection, PgConnection, Sessions, StoreError};
use tokio_util::sync::CancellationToken;

/// A look without having heard of anything: the connection that listens may be away.
const IDLE: Duration = Duration::from_millis(500);
/// Another worker is at it; what committed after its last look would wait for the next one.
const BUSY: Duration = Duration::from_millis(50);
/// From a commit to the round that numbers what it told, so that one round serves what commits within that.
const GAP: Duration = Duration::from_millis(40);
/// Between two rounds while batches are full: one serves several of them.
const BEHIND: Duration = Duration::from_millis(500);
/// How long a round may take.
const ROUND: Duration = Duration::from_secs(8);

/// Works until `shutdown` is cancelled. What a round did not commit, the next one does.
pub(super) async fn run(
    sessions: &Sessions,
    wakes: &Wakes,
    pressure: &Pressure,
    shutdown: &CancellationToken,
) {
    let mut backoff = Backoff::for_store();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = wakes.written.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
        let rest = if pressure.is_felt() { BEHIND } else { GAP };
        if pause(rest, shutdown).await == Waited::Stop {
            return;
        }
        loop {
            let rested = match round(sessions).await {
                Ok(Sequenced::Numbered { notifications, deliveries, more }) => {
                    backoff = Backoff::for_store();
                    metrics::counter!(telemetry::SEQUENCED).increment(notifications.unsigned_abs());
                    if deliveries > 0 {
                        wakes.due.notify_one();
                    }
                    if !more {
                        break;
                    }
                    Waited::Whole
                }
                Ok(Sequenced::Busy) => {
                    wakes.due.notify_one();
                    pause(BUSY, shutdown).await
                }
                Err(error) => {
                    log(&error, "numbering notifications");
                    backoff.wait(shutdown).await
                }
            };
            if rested == Waited::Stop || shutdown.is_cancelled() {
                return;
            }
        }
    }
}

async fn round(sessions: &Sessions) -> Result<Sequenced, StoreError> {
    let number = async |session: &mut PgConnection| {
        let mut transaction = session.begin().await?;
        let sequenced = give_sequence(&mut transaction).await?;
        transaction.commit().await?;
        Ok(sequenced)
    };
    sessions.run(ROUND, number).await
}
