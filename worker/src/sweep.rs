//! Commands whose message did not reach the queue are published again.

use chrono::{TimeDelta, Utc};
use domain::ids::ConversionId;
use queue::{
    Publisher,
    envelope::{Envelope, Source},
};
use std::time::Duration;
use store::conversions::{mark_published, overdue_pending};
use store::{Connection, PgConnection, Sessions, StoreError, within};
use tokio_util::sync::CancellationToken;

use crate::telemetry::{self, count};

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(10);
/// A command that is pending so long after its publish is published again; a backlog is no reason to
/// do so often.
const OVERDUE: TimeDelta = TimeDelta::minutes(2);
/// How long a look may take, publishing included.
const LOOK: Duration = Duration::from_secs(8);
/// At most so many at once.
const LIMIT: i64 = 200;

/// Sweeps until `shutdown` is cancelled.
pub(crate) async fn run(sessions: Sessions, publisher: Publisher, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(INTERVAL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let looked = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            looked = look(&sessions, &publisher) => looked,
        };
        match looked {
            Ok(0) => {}
            Ok(commands) => tracing::info!(commands, "commands were published again"),
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_) | StoreError::Slow(_))) => {
                tracing::debug!(%error, "no sweep without the database");
            }
            Err(error) => tracing::error!(%error, "the sweep failed"),
        }
    }
}

/// Publishes what is overdue and tells how many that were.
async fn look(sessions: &Sessions, publisher: &Publisher) -> Result<usize, StoreError> {
    let mut session = sessions.open().await?;
    let commands = within(LOOK, once(&mut session, publisher)).await?;
    session.done();
    Ok(commands)
}

async fn once(connection: &mut PgConnection, publisher: &Publisher) -> Result<usize, StoreError> {
    let mut transaction = connection.begin().await?;
    let overdue = overdue_pending(&mut transaction, Utc::now() - OVERDUE, LIMIT).await?;
    let mut done: Vec<ConversionId> = Vec::new();
    'rows: for row in overdue {
        for command in row.commands {
            let Ok(body) = serde_json::to_vec(&command) else { continue 'rows };
            let envelope = Envelope::new(Source::Api, row.realm, body.into(), Utc::now());
            if publisher.publish(envelope).await.is_err() {
                break 'rows;
            }
        }
        done.push(row.id);
    }
    mark_published(&mut transaction, &done).await?;
    transaction.commit().await?;
    metrics::counter!(telemetry::SWEPT).increment(count(done.len()));
    Ok(done.len())
}
