//! Notifications out: numbered in the order of commits, then sent.
//!
//! ```text
//! written ─▶ sequencer ─▶ sender ─▶ endpoints
//!                            ╰────▶ recorder   how tries went, many in one transaction
//! ```
//!
//! Any number of workers do this side by side: whoever has the lock numbers, and each sends what it claims. Nothing here holds up
//! settling: it has sessions of its own, what is not sent now is sent later, and while batches are full it goes slower (ADR 31).

mod attempt;
mod hands;
mod recorder;
mod sender;
mod sequencer;
mod telemetry;
mod tidy;

use crate::backoff::{Backoff, Waited};
use crate::pressure::Pressure;
use ::notify::{Client, Lookup, SystemLookup};
use anyhow::Context;
use common::config::NotifyArgs;
use sealing::Sealer;
use std::sync::Arc;
use store::notifications::Listener;
use store::{Sessions, StoreError};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// The sender and the recorder; the tidying and the sequencer have one each.
const SESSIONS: usize = 2;

const APPLICATION: &str = "tributary-notify";

/// Sends notifications, as a part of the worker.
pub(crate) struct Notifier {
    database_url: String,
    numbering: Sessions,
    tidying: Sessions,
    deliveries: Sessions,
    client: Client,
    sealer: Sealer,
    pressure: Arc<Pressure>,
}

/// Who is to look for work.
#[derive(Default)]
struct Wakes {
    /// Something was written.
    written: Notify,
    /// Something is due, or there is room again.
    due: Notify,
}

impl Notifier {
    /// # Errors
    /// When a setting is of no use.
    pub(crate) fn new(
        database_url: &str,
        args: &NotifyArgs,
        pressure: Arc<Pressure>,
    ) -> anyhow::Result<Self> {
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        let sealer = args.sealer().context("SECRETS_KEY cannot be used")?;
        Ok(Self {
            database_url: database_url.to_owned(),
            numbering: store::sessions_for_settling(database_url, APPLICATION, 1)
                .context("DATABASE_URL cannot be used")?,
            tidying: store::sessions_for_tidying(database_url, APPLICATION, 1)
                .context("DATABASE_URL cannot be used")?,
            deliveries: store::sessions_for_deliveries(database_url, APPLICATION, SESSIONS)
                .context("DATABASE_URL cannot be used")?,
            client: Client::new(args.policy(), &lookup).context("TLS cannot be set up")?,
            sealer,
            pressure,
        })
    }

    /// Works until `shutdown` is cancelled, and a few seconds more for what is under way.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        telemetry::describe();
        let wakes = Arc::new(Wakes::default());
        // As many results as there may be tries: whoever is faster than the recorder waits.
        let (results, recorded) = mpsc::channel(hands::PLACES);
        let sender = sender::Sender::new(
            self.deliveries.clone(),
            self.client,
            self.sealer,
            results,
            Arc::clone(&wakes),
            Arc::clone(&self.pressure),
        );
        tokio::join!(
            listen(&self.database_url, &wakes, &shutdown),
            sequencer::run(&self.numbering, &wakes, &self.pressure, &shutdown),
            sender.run(&shutdown),
            recorder::run(&self.deliveries, recorded, &wakes),
            tidy::run(&self.tidying, &shutdown),
        );
        self.numbering.close();
        self.tidying.close();
        self.deliveries.close();
    }
}

/// Hears of what is written, by whatever process.
async fn listen(database_url: &str, wakes: &Wakes, shutdown: &CancellationToken) {
    let mut backoff = Backoff::for_store();
    loop {
        let heard = async {
            let mut listener = Listener::connect(database_url, APPLICATION).await?;
            loop {
                // After a connection as well: something may have been written meanwhile.
                wakes.written.notify_one();
                listener.heard().await?;
            }
        };
        let ended: Result<(), StoreError> = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            ended = heard => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "not hearing of notifications; looking for them");
        }
        if backoff.wait(shutdown).await == Waited::Stop {
            return;
        }
    }
}

/// What the place does not allow is the worker's to say, once for all of it.
fn log(error: &StoreError, what: &'static str) {
    match error {
        StoreError::Unavailable(_)
        | StoreError::Refused(_)
        | StoreError::Serialization(_)
        | StoreError::Occupied(_)
        | StoreError::Slow(_) => tracing::debug!(%error, "{what}: later"),
        StoreError::Constraint { .. } | StoreError::Other(_) => {
            tracing::error!(error = %common::causes(error), "{what} failed");
        }
    }
}
