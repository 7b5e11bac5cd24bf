//! Waiting until the workers have settled a command: one task asks for all who wait, so that waiting
//! costs no connection each.

use domain::ids::Realm;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{PgPool, StoreError, within};
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
pub struct Completions {
    waiting: Mutex<HashMap<Command, Vec<oneshot::Sender<()>>>>,
    somebody: Notify,
}

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Completion {
    /// The command's effects are committed.
    Settled,
    /// Not yet.
    Pending,
}

impl Completions {
    /// Waits until a command's effects are committed, at most so long.
    pub async fn wait(&self, realm: Realm, event: String, longest: Duration) -> Completion {
        if longest.is_zero() {
            return Completion::Pending;
        }
        let (tell, told) = oneshot::channel();
        self.lock().entry((realm, event)).or_default().push(tell);
        self.somebody.notify_one();
        match tokio::time::timeout(longest, told).await {
            Ok(Ok(())) => Completion::Settled,
            Ok(Err(_)) | Err(_) => Completion::Pending,
        }
    }

    /// Asks for ever, as long as somebody waits. One task of a process runs it.
    pub async fn run(&self, pool: &PgPool) {
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
                    tracing::debug!(%error, "what is settled cannot be read");
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
    within(PATIENCE, async { store::completion::settled(&mut *pool.acquire().await?, asked).await }).await
}

/// Waits in a process that waits for nothing else, as a command does; see [`Completions::wait`].
pub async fn wait(pool: &PgPool, realm: Realm, event: String, longest: Duration) -> Completion {
    let completions = Completions::default();
    tokio::select! {
        completion = completions.wait(realm, event, longest) => completion,
        () = completions.run(pool) => Completion::Pending,
    }
}
