//! Once a day, Stripe's events of the last days against the inbox: what an endpoint missed is settled after all.

use crate::keychain::Keychain;
use crate::telemetry;
use app::reconcile::{self, Failure};
use chrono::{TimeDelta, Utc};
use domain::ids::Realm;
use queue::Prefix;
use std::sync::Arc;
use std::time::Duration;
use store::{PgConnection, Sessions, StoreError, reconciliations};
use stripe::client::Lists;
use tokio_util::sync::CancellationToken;

/// The first look, and between two: whoever has just started is left alone.
const INTERVAL: Duration = Duration::from_mins(10);

/// Between two comparisons of a project and mode.
const DAY: TimeDelta = TimeDelta::hours(24);

/// As far back as Stripe tries to deliver an event, and a day more.
const DAYS: u32 = 4;

/// Compares what is due, until `leave` is cancelled.
pub(crate) async fn run(
    sessions: Sessions,
    keychain: Arc<Keychain>,
    queue: Prefix,
    leave: CancellationToken,
) {
    while leave.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        for (realm, lists) in keychain.lists() {
            match leave.run_until_cancelled(compare(&sessions, &queue, realm, &lists)).await {
                None => return,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    let Realm { project, mode } = realm;
                    tracing::warn!(%project, %mode, %error, "Stripe's events are not compared with the inbox");
                }
            }
        }
    }
}

async fn compare(sessions: &Sessions, queue: &Prefix, realm: Realm, lists: &Lists) -> Result<(), Failure> {
    let mut session = sessions.open().await?;
    if is_due(&mut session, realm).await? {
        let Realm { project, mode } = realm;
        let done = reconcile::reconcile(&mut session, queue, lists, realm, DAYS, Utc::now()).await?;
        if done.missing.is_empty() {
            tracing::info!(%project, %mode, seen = done.seen, "no event of Stripe's is missing");
        } else {
            let missing = done.missing.len();
            tracing::warn!(%project, %mode, seen = done.seen, missing, "events of Stripe's were missing");
        }
    }
    telemetry::missing(reconciliations::missing(&mut session).await?);
    session.done();
    Ok(())
}

/// Whether the last comparison is a day old. Two workers that begin at once find the same, and the inbox knows it.
async fn is_due(connection: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    let last = reconciliations::last(connection, realm).await?;
    Ok(last.is_none_or(|last| last <= Utc::now() - DAY))
}
