//! Waiting for the next notification of a project and mode: one task asks for all who wait, so that waiting costs no
//! connection each.

use crate::health::Health;
use domain::ids::Realm;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{PgPool, StoreError, notifications, within};
use tokio::sync::{Notify, oneshot};

/// How often it is asked while somebody waits.
const POLL: Duration = Duration::from_millis(50);
/// After a failed question.
const POLL_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// A database that needs longer is not there.
const PATIENCE: Duration = Duration::from_secs(2);

/// Those who wait at a time; more are answered at once, and come again.
const MOST: usize = 512;

struct Waiting {
    realm: Realm,
    after: i64,
    tell: oneshot::Sender<()>,
}

/// Who waits.
#[derive(Default)]
pub(crate) struct Feeds {
    waiting: Mutex<Vec<Waiting>>,
    somebody: Notify,
}

impl Feeds {
    /// Waits until there is something behind `after`, at most so long; `true` when there is.
    pub(crate) async fn wait(&self, realm: Realm, after: i64, longest: Duration) -> bool {
        let (tell, told) = oneshot::channel();
        {
            let mut waiting = self.lock();
            if waiting.len() >= MOST {
                return false;
            }
            waiting.push(Waiting { realm, after, tell });
        }
        self.somebody.notify_one();
        matches!(tokio::time::timeout(longest, told).await, Ok(Ok(())))
    }

    /// Asks for ever, as long as somebody waits. Whoever waits is let go when the process is to stop.
    pub(crate) async fn run(&self, pool: &PgPool, health: &Health) {
        loop {
            let realms = self.realms();
            if realms.is_empty() {
                self.somebody.notified().await;
                continue;
            }
            if health.is_draining() {
                self.lock().clear();
            }
            match last(pool, &realms).await {
                Ok(last) => {
                    self.tell(&last);
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "the feed cannot be read");
                    tokio::time::sleep(POLL_AFTER_FAILURE).await;
                }
            }
        }
    }

    fn realms(&self) -> Vec<Realm> {
        let mut waiting = self.lock();
        waiting.retain(|waiting| !waiting.tell.is_closed());
        let mut realms: Vec<Realm> = waiting.iter().map(|waiting| waiting.realm).collect();
        realms.sort_unstable();
        realms.dedup();
        realms
    }

    fn tell(&self, last: &BTreeMap<Realm, i64>) {
        let mut waiting = self.lock();
        let has_more =
            |waiting: &mut Waiting| last.get(&waiting.realm).is_some_and(|last| *last > waiting.after);
        for waiting in waiting.extract_if(.., has_more) {
            // Who has gone away in the meantime need not be told.
            let _ = waiting.tell.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn last(pool: &PgPool, realms: &[Realm]) -> Result<BTreeMap<Realm, i64>, StoreError> {
    let last = async { notifications::last_sequences(&mut *pool.acquire().await?, realms).await };
    within(PATIENCE, last).await
}
