//! Liveness and readiness. A probe reads what background tasks have found: it never waits for a
//! store.

use crate::signing_secrets::Secrets;
use queue::{BrokerStatus, DatabaseStatus, Publisher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use store::probe::Probe;
use store::schema::Schema;
use store::{PgPool, place};

/// How often the database is asked.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// A database that needs longer is not there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often what is kept in memory is tidied up.
pub(crate) const TIDY_INTERVAL: Duration = Duration::from_secs(5);

const NO_TABLES: &str = "the database lacks tables of this version: run `tributary migrate`";
const NO_DATABASE: &str = "the database does not answer";
const NO_SECRETS: &str =
    "the projects' signing secrets have not been read yet, so no webhook can be verified";
const NO_STORE: &str = "neither the broker nor the database takes messages";

/// What is known of the process and what it depends on.
#[derive(Default)]
pub(crate) struct Health {
    draining: AtomicBool,
    database: RwLock<Database>,
}

/// How the database was when it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Database {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// It answers, and has the tables of this version or of a later one.
    Up,
    /// It answers, and migrations are missing.
    Behind,
    /// It does not answer: why.
    Down(String),
}

/// The answer of `/readyz`.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// `ready`, `degraded` (one store is missing), `unavailable` or `draining`.
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    /// Whether REST reads are answered.
    pub(crate) database: bool,
    /// Whether the broker takes messages; null without a broker.
    pub(crate) broker: Option<bool>,
    /// Whether a webhook would be stored.
    pub(crate) accepts: bool,
    /// What is missing, and what to do about it; absent when all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

impl Health {
    /// From now on no new traffic should come.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether no new traffic should come.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// What a probe is told, and whether that is good news: the process serves as long as one of
    /// the stores takes messages, and it can tell a true one from a false one.
    pub(crate) fn readiness(&self, publisher: &Publisher, secrets: &Secrets) -> (bool, Readiness) {
        let store = publisher.status();
        let found = self.database.read().unwrap_or_else(PoisonError::into_inner).clone();
        let database = found == Database::Up;
        let broker = store.broker.as_ref().map(|broker| *broker == BrokerStatus::Ready);
        let is_kept = broker == Some(true) || (database && store.database == DatabaseStatus::Up);
        let accepts = is_kept && secrets.are_known() && found != Database::Behind;
        let draining = self.is_draining();
        let (status, reason) = if draining {
            ("draining", None)
        } else if found == Database::Behind {
            ("unavailable", Some(NO_TABLES))
        } else if !is_kept {
            ("unavailable", Some(if database { NO_STORE } else { NO_DATABASE }))
        } else if !secrets.are_known() {
            ("unavailable", Some(NO_SECRETS))
        } else if !database {
            ("degraded", Some(NO_DATABASE))
        } else if broker == Some(false) {
            ("degraded", Some("the broker takes no messages"))
        } else {
            ("ready", None)
        };
        (accepts && !draining, Readiness { status, database, broker, accepts, reason })
    }

    /// Asks the database for ever, on a connection of its own.
    pub(crate) async fn probe(&self, pool: &PgPool) {
        let mut probe = Probe::of(pool);
        let mut every = tokio::time::interval(PROBE_INTERVAL);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let found = match probe.look(PROBE_TIMEOUT).await {
                Ok(Schema::Current | Schema::Ahead) => Database::Up,
                Ok(Schema::Behind) => Database::Behind,
                Err(error) => Database::Down(common::causes(&error)),
            };
            let before = {
                let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *database, found.clone())
            };
            tell(&place::of(pool), &before, &found);
        }
    }
}

/// What changed, in one line.
fn tell(database: &str, before: &Database, now: &Database) {
    match (before, now) {
        (Database::Up, Database::Up)
        | (Database::Behind, Database::Behind)
        | (Database::Down(_), Database::Down(_))
        | (_, Database::Unknown) => {}
        (_, Database::Up) => tracing::info!(database, "the database answers"),
        (_, Database::Behind) => tracing::error!(database, "{NO_TABLES}"),
        (_, Database::Down(error)) => tracing::warn!(database, error, "{NO_DATABASE}"),
    }
}
