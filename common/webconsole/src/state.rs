//! What all pages share.

use crate::{failure::Failure, figures::Figures, polled::Polled};
use app::{Outbox, completion::Completions, endpoints::Outgoing};
use axum::http::HeaderName;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use ipnet::IpNet;
use queue::{BrokerQueues, Prefix};
use std::{
    collections::HashMap,
    net::IpAddr,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{
    PgConnection, PgPool, Sessions, StoreError, Transaction,
    console_sessions::{self, SessionDigest, SignedIn},
    projects::{self, Project},
    sessions_planned_once_beside, statement_timeout,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Passwords that are looked at at a time: each takes 19 MiB and all of a core.
const PASSWORDS: usize = 2;

/// What reads all of history, at a time.
const SIMULATIONS: usize = 1;

/// So long a statement may take that takes its time, and be waited for before it begins.
const PATIENT: Duration = Duration::from_mins(1);
/// What takes its time, at once: the other connections are there for pages.
const LONG_READS: usize = 3;

/// Sessions of the database for what each request asks first: few, since each answers in a fraction of a millisecond.
const FIRST_QUESTIONS: usize = 4;
/// How long those may take.
const FIRST_ANSWER: Duration = Duration::from_secs(5);

/// So long a session that was valid is taken for one by the limit per address.
const KNOWN_FOR: Duration = Duration::from_mins(5);
/// Sessions remembered for that.
const MAX_KNOWN: usize = 10_000;

/// What the console is made of.
pub struct Parts {
    /// Connections for pages.
    pub reads: PgPool,
    /// Connections for what is done.
    pub writes: PgPool,
    /// Whose workers hear of what was decided.
    pub queue: Prefix,
    /// RabbitMQ's queues, where there are any.
    pub broker: Option<BrokerQueues>,
    /// Waiting until the workers have done it.
    pub completions: Arc<Completions>,
    /// What endpoints are reached and signed with.
    pub outgoing: Outgoing,
    /// The time.
    pub now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Who is signed in by a proxy.
    pub proxy: Option<ProxySignIn>,
}

/// A proxy that has signed people in and says who they are.
#[derive(Clone, Debug)]
pub struct ProxySignIn {
    /// The header with the person's name.
    pub header: HeaderName,
    /// The addresses from which it is believed; from any other it is as if it were not there.
    pub from: Vec<IpNet>,
}

impl ProxySignIn {
    /// Whether the other end of a connection may say who somebody is.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.from.iter().any(|net| net.contains(&peer))
    }
}

/// A snapshot for what takes its time, and the turn at it.
pub(crate) struct Patient {
    transaction: Transaction,
    _turn: OwnedSemaphorePermit,
}

impl Deref for Patient {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Patient {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// The console. Clones are the same.
#[derive(Clone)]
pub struct Console {
    pub(crate) parts: Arc<Parts>,
    /// Turns at looking at passwords.
    pub(crate) passwords: Arc<Semaphore>,
    /// Turns at what reads all of history: trying rules, checking the ledger.
    pub(crate) simulations: Arc<Semaphore>,
    /// Turns at what takes its time, whatever it is of.
    long_reads: Arc<Semaphore>,
    /// What the open overviews of a project and mode ask for again.
    pub(crate) cards: Polled<Realm>,
    /// What the open pages of the queues ask for again.
    pub(crate) queues: Polled<()>,
    /// What is summed from a long history.
    pub(crate) figures: Figures,
    /// What each request asks first, whoever asks for which page.
    first: Sessions,
    known: Arc<Mutex<HashMap<SessionDigest, Instant>>>,
}

impl Console {
    /// Asks no store.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            first: sessions_planned_once_beside(&parts.reads, FIRST_QUESTIONS),
            parts: Arc::new(parts),
            passwords: Arc::new(Semaphore::new(PASSWORDS)),
            simulations: Arc::new(Semaphore::new(SIMULATIONS)),
            long_reads: Arc::new(Semaphore::new(LONG_READS)),
            cards: Polled::default(),
            queues: Polled::default(),
            figures: Figures::default(),
            known: Arc::default(),
        }
    }

    /// Whether a request comes with a session that was valid a moment ago, so that the limit for strangers need not count it.
    #[must_use]
    pub fn knows(&self, headers: &axum::http::HeaderMap) -> bool {
        let Some(value) = crate::cookies::session(headers) else { return false };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&SessionDigest::of(value)).is_some_and(|at| at.elapsed() < KNOWN_FOR)
    }

    /// Whose session it is.
    pub(crate) async fn signed_in(&self, session: SessionDigest) -> Result<Option<SignedIn>, StoreError> {
        let now = self.now();
        self.first
            .run(FIRST_ANSWER, async |connection| console_sessions::find(connection, session, now).await)
            .await
    }

    /// Every project.
    pub(crate) async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        self.first.run(FIRST_ANSWER, async |connection| projects::list(connection).await).await
    }

    /// A turn at what takes its time, after the turns of others: figures that nobody waits for, files. However many of those are asked
    /// for, connections are left for pages.
    pub(crate) async fn long_read(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = timeout(PATIENT, Arc::clone(&self.long_reads).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Failure::Unavailable("Others are reading long histories. Try again in a minute."));
        };
        Ok(turn)
    }

    /// A connection for what takes its time. Nothing is written on it.
    pub(crate) async fn patient(&self) -> Result<Patient, Failure> {
        let turn = self.long_read().await?;
        let mut transaction = store::snapshot(&self.parts.reads).await?;
        statement_timeout(&mut transaction, PATIENT).await?;
        Ok(Patient { transaction, _turn: turn })
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.parts.now)()
    }

    /// Where a transaction puts what the workers have to do.
    pub(crate) fn outbox(&self) -> Outbox<'_> {
        Outbox { queue: &self.parts.queue, now: self.now() }
    }

    /// Remembers that a session is valid.
    pub(crate) fn remember(&self, session: SessionDigest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.retain(|_, at| at.elapsed() < KNOWN_FOR);
        }
        if known.len() < MAX_KNOWN {
            known.insert(session, Instant::now());
        }
    }

    /// Forgets a session.
    pub(crate) fn forget(&self, session: SessionDigest) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }
}
