//! Waiting for the worker's verdict on a command: one task asks for all who wait, so that waiting
//! costs no connection each.

use domain::ids::Realm;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{PgPool, StoreError, no_answer, verdicts};
use tokio::sync::{Notify, oneshot};

/// How often it is asked while somebody waits.
const POLL: Duration = Duration::from_millis(8);
/// A database that needs longer is not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// After a failed question.
const POLL_AFTER_FAILURE: Duration = Duration::from_millis(250);

type Command = (Realm, String);

/// Who waits for what.
#[derive(Default)]
pub(crate) struct Verdicts {
    waiting: Mutex<HashMap<Command, Vec<oneshot::Sender<()>>>>,
    somebody: Notify,
}

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The command's effects are committed.
    Settled,
    /// Not yet.
    Pending,
}

impl Verdicts {
    /// Waits until a command's effects are committed, at most so long.
    pub(crate) async fn wait(&self, realm: Realm, event: String, longest: Duration) -> Verdict {
        if longest.is_zero() {
            return Verdict::Pending;
        }
        let (tell, told) = oneshot::channel();
        self.lock().entry((realm, event)).or_default().push(tell);
        self.somebody.notify_one();
        match tokio::time::timeout(longest, told).await {
            Ok(Ok(())) => Verdict::Settled,
            Ok(Err(_)) | Err(_) => Verdict::Pending,
        }
    }

    /// Asks for ever, as long as somebody waits.
    pub(crate) async fn run(&self, pool: &PgPool) {
        loop {
            // No worker is quicker, so the first question waits as well.
            tokio::time::sleep(POLL).await;
            let asked = self.still_waiting();
            if asked.is_empty() {
                self.somebody.notified().await;
                continue;
            }
            match settled(pool, &asked).await {
                Ok(settled) => self.tell(&settled),
                Err(error) => {
                    tracing::debug!(%error, "verdicts cannot be read");
                    tokio::time::sleep(POLL_AFTER_FAILURE).await;
                }
            }
        }
    }

    fn still_waiting(&self) -> Vec<Command> {
        let mut waiting = self.lock();
        waiting.retain(|_, tell| {
            tell.retain(|tell| !tell.is_closed());
            !tell.is_empty()
        });
        waiting.keys().cloned().collect()
    }

    fn tell(&self, settled: &[Command]) {
        let mut waiting = self.lock();
        for command in settled {
            for tell in waiting.remove(command).into_iter().flatten() {
                // Who has gone away in the meantime need not be told.
                let _ = tell.send(());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Command, Vec<oneshot::Sender<()>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn settled(pool: &PgPool, asked: &[Command]) -> Result<Vec<Command>, StoreError> {
    let settled = async { verdicts::settled(&mut *pool.acquire().await?, asked).await };
    let settled = tokio::time::timeout(PATIENCE, settled).await;
    settled.unwrap_or_else(|_elapsed| Err(no_answer()))
}
