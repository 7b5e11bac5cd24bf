//! Webhooks that no secret proves, counted in memory and written down now and then: who sends them does not decide how often.

use chrono::{DateTime, Utc};
use domain::ids::ProjectId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::refused_webhooks::{self, Refused};
use store::{PgPool, StoreError, within};
use tokio::time::{MissedTickBehavior, interval};

/// How often they are written down.
const INTERVAL: Duration = Duration::from_secs(5);

/// A database that needs longer is not there.
const PATIENCE: Duration = Duration::from_secs(2);

/// Those that are not written down yet, of projects that exist.
#[derive(Default)]
pub(crate) struct Refusals {
    counted: Mutex<BTreeMap<ProjectId, Refused>>,
}

impl Refusals {
    /// Counts one of a project that exists.
    pub(crate) fn count(&self, project: ProjectId, at: DateTime<Utc>) {
        self.add(Refused { project, count: 1, last_at: at });
    }

    /// Writes them down for ever.
    pub(crate) async fn keep_writing(&self, pool: &PgPool) {
        let mut every = interval(INTERVAL);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            if let Err(error) = self.write(pool).await {
                tracing::debug!(%error, "refused webhooks are counted later");
            }
        }
    }

    async fn write(&self, pool: &PgPool) -> Result<(), StoreError> {
        let counted: Vec<Refused> = std::mem::take(&mut *self.lock()).into_values().collect();
        if counted.is_empty() {
            return Ok(());
        }
        let written =
            within(PATIENCE, async { refused_webhooks::add(&mut *pool.acquire().await?, &counted).await });
        let written = written.await;
        if written.is_err() {
            for one in counted {
                self.add(one);
            }
        }
        written
    }

    fn add(&self, one: Refused) {
        let mut counted = self.lock();
        let standing = counted.entry(one.project).or_insert(Refused { count: 0, ..one });
        standing.count = standing.count.saturating_add(one.count);
        standing.last_at = standing.last_at.max(one.last_at);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Refused>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
