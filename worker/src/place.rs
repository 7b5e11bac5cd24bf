//! Whether the place lets the worker work: its database is there, takes it, and has the schema that it knows.

use crate::backoff::{Backoff, Waited, pause};
use crate::telemetry;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::schema::{self, Schema};
use store::{Sessions, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use watch::Readiness;

/// How long it may take to compare the schemas.
const COMPARISON: Duration = Duration::from_secs(3);

/// How long a worker that is refused keeps what it has in hand. Another worker may be let in, as one with the new
/// password or of the version that fits, so it is given back then.
const HOLD: Duration = Duration::from_secs(10);

/// How long a worker that was refused, and gave back what it had, waits before it tries again.
const RETRY: Duration = Duration::from_secs(5);

/// The place of one worker. It says what is wrong in one line, once, and when that is over.
pub(crate) struct Place {
    sessions: Sessions,
    trouble: Mutex<Option<Trouble>>,
    /// Whether it let the worker work once.
    begun: AtomicBool,
}

struct Trouble {
    kind: Kind,
    since: Instant,
    reason: String,
}

/// What is wrong with the place, and so what shows that it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It does not answer, until it does.
    Away,
    /// It lacks migrations, until it has them.
    Behind,
    /// It refuses a statement, until it does not.
    Refused,
}

impl Kind {
    /// What an error of the store says, when it is one of the place.
    pub(crate) fn of(error: &StoreError) -> Self {
        if matches!(error, StoreError::Refused(_)) { Self::Refused } else { Self::Away }
    }
}

/// What is wrong with the place.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(
        "the schema of the database is older than this program: run `tributary migrate` of this version; until then nothing is settled"
    )]
    Behind,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Place {
    pub(crate) fn new(sessions: Sessions) -> Self {
        Self { sessions, trouble: Mutex::default(), begun: AtomicBool::new(false) }
    }

    /// Waits until the database is there and has every migration that this program knows.
    pub(crate) async fn wait_until_fit(&self, shutdown: &CancellationToken) -> Waited {
        let mut backoff = Backoff::for_store();
        loop {
            match self.compare().await {
                Ok(()) => break,
                Err(Unfit::Behind) => self.says(Kind::Behind, &Unfit::Behind.to_string()),
                Err(Unfit::Store(error)) => self.says(Kind::of(&error), &common::causes(&error)),
            }
            if backoff.wait(shutdown).await == Waited::Stop {
                return Waited::Stop;
            }
        }
        // Whether a statement is still refused, only that statement can tell.
        let refused = self.trouble().as_ref().is_some_and(|trouble| trouble.kind == Kind::Refused);
        if !refused {
            self.works();
        } else if pause(RETRY, shutdown).await == Waited::Stop {
            return Waited::Stop;
        }
        Waited::Whole
    }

    /// What `/readyz` of a worker says: whether what comes to it would be settled.
    pub(crate) fn readiness(&self, draining: bool) -> Readiness {
        let trouble = self.trouble();
        let (status, reason) = match &*trouble {
            _ if draining => ("draining", None),
            Some(trouble) => ("unavailable", Some(trouble.reason.as_str())),
            None if self.begun.load(Ordering::Relaxed) => ("ready", None),
            None => ("starting", Some("the database has not answered yet")),
        };
        let mut body = json!({ "status": status });
        if let Some(reason) = reason {
            body["reason"] = reason.into();
        }
        Readiness { ready: status == "ready", body }
    }

    /// Takes note of work that succeeded.
    pub(crate) fn works(&self) {
        self.begun.store(true, Ordering::Relaxed);
        metrics::gauge!(telemetry::READY).set(1.0);
        if let Some(trouble) = self.trouble().take() {
            tracing::info!(
                seconds = trouble.since.elapsed().as_secs(),
                "the database is back: working again"
            );
        }
    }

    /// Takes note that the database answers, which is all that is known where nothing is to do: what it refuses may be
    /// refused still.
    pub(crate) fn answers(&self) {
        let away = self.trouble().as_ref().is_some_and(|trouble| trouble.kind == Kind::Away);
        if away {
            self.works();
        }
    }

    /// Takes note of work that the place did not allow, looks whether the schema is why, and tells whether to go on
    /// waiting with what is in hand.
    pub(crate) async fn fails(&self, kind: Kind, reason: &str) -> Patience {
        let compared = if kind == Kind::Refused { self.compare().await } else { Ok(()) };
        match compared {
            // It says more than the first statement that it fails.
            Err(Unfit::Behind) => self.says(Kind::Behind, &Unfit::Behind.to_string()),
            Err(Unfit::Store(_)) | Ok(()) => self.says(kind, reason),
        }
        match self.trouble().as_ref() {
            Some(Trouble { kind: Kind::Behind | Kind::Refused, since, .. }) if since.elapsed() > HOLD => {
                Patience::Exhausted
            }
            _ => Patience::Left,
        }
    }

    async fn compare(&self) -> Result<(), Unfit> {
        match self.sessions.run(COMPARISON, schema::compare).await? {
            // A newer program's migrations leave what this one reads and writes as it was.
            Schema::Current | Schema::Ahead => Ok(()),
            Schema::Behind => Err(Unfit::Behind),
        }
    }

    fn says(&self, kind: Kind, text: &str) {
        metrics::gauge!(telemetry::READY).set(0.0);
        let mut trouble = self.trouble();
        let known = trouble.as_ref().is_some_and(|trouble| trouble.kind == kind);
        match kind {
            _ if known => {}
            Kind::Away => {
                tracing::warn!(error = text, "not ready: the database is away; messages are kept");
            }
            Kind::Behind | Kind::Refused => tracing::error!(
                error = text,
                "not ready: the database refuses to work with this program; messages are kept"
            ),
        }
        let since = trouble.as_ref().map_or_else(Instant::now, |trouble| trouble.since);
        *trouble = Some(Trouble { kind, since, reason: text.to_owned() });
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<Trouble>> {
        // A panic elsewhere cannot leave a text half written.
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what is in hand is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The place may be back soon.
    Left,
    /// Somebody else may be let in.
    Exhausted,
}
