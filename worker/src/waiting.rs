//! Thin events that wait: until a key can fetch what they are about, or the snapshot event of the same happening comes.

use crate::keychain::Keychain;
use crate::question::question;
use crate::telemetry;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use std::sync::Arc;
use std::time::Duration;
use store::thin_events::{self, WaitingEvent};
use store::{Connection, PgConnection, Sessions, StoreError};
use stripe::missing::Missing;
use stripe::thin::ThinEvent;
use tokio_util::sync::CancellationToken;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a look may take.
const LOOK: Duration = Duration::from_secs(8);
/// So many are asked for at once, in each project and mode.
const LIMIT: i64 = 500;

/// One that waits, for this reason.
pub(crate) fn event(
    realm: Realm,
    thin: &ThinEvent,
    reason: String,
    received_at: DateTime<Utc>,
    ask_at: DateTime<Utc>,
) -> WaitingEvent {
    WaitingEvent {
        realm,
        event_id: thin.id.clone(),
        account: thin.account.clone().unwrap_or_default(),
        event_type: thin.event_type.clone(),
        snapshot: thin.snapshot.clone(),
        object: thin.object.clone(),
        question: question(&Missing::Event(thin.clone())),
        reason,
        received_at,
        ask_at,
    }
}

/// Why nothing can be asked for.
pub(crate) fn no_key(realm: Realm) -> String {
    let Realm { project, mode } = realm;
    format!(
        "project {project} has no Stripe key of {mode} mode: tributary project update {project} --mode {mode} \
         --stripe-api-key FILE with a restricted key, or choose snapshot events at Stripe"
    )
}

/// Lets go on what can, until `leave` is cancelled.
pub(crate) async fn run(
    sessions: Sessions,
    keychain: Arc<Keychain>,
    queue: Prefix,
    leave: CancellationToken,
) {
    while leave.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        let look = async |session: &mut PgConnection| once(session, &keychain, &queue).await;
        match leave.run_until_cancelled(sessions.run(LOOK, look)).await {
            None => return,
            Some(Ok(0)) => {}
            Some(Ok(events)) => tracing::info!(events, "thin events that waited are asked for"),
            Some(Err(error)) => tracing::debug!(%error, "the thin events that wait are not known"),
        }
    }
}

/// Tells how many are asked for.
async fn once(
    connection: &mut PgConnection,
    keychain: &Keychain,
    queue: &Prefix,
) -> Result<usize, StoreError> {
    thin_events::forget_answered(connection).await?;
    let (mut asked, mut waiting) = (0, 0);
    for (realm, count) in thin_events::counts(connection).await? {
        waiting += count;
        if !keychain.covers(realm) {
            continue;
        }
        let mut transaction = connection.begin().await?;
        let due = thin_events::take(&mut transaction, realm, Utc::now(), LIMIT).await?;
        let ask = |event: &WaitingEvent| {
            Envelope::new(Source::Fetch, realm, event.question.clone().into(), event.received_at)
        };
        let messages: Vec<Envelope> = due.iter().map(ask).collect();
        enqueue_all(&mut transaction, queue, &messages.iter().collect::<Vec<_>>()).await?;
        transaction.commit().await?;
        asked += due.len();
    }
    telemetry::waiting(waiting);
    Ok(asked)
}
