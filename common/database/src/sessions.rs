//! A few sessions that are used again and again, each for a bounded time.
//!
//! sqlx's pool asks each connection that is given back whether it lives, and keeps its place until there is an answer.
//! When the server's host vanishes without a word there is none, and one place after the other is gone. Here a session
//! is given back only by who finished its work in time; any other is closed, at once and without a farewell.

use crate::{Fault, Limits};
use futures::FutureExt as _;
use sqlx::{Connection, Error, Executor as _, PgConnection, postgres::PgConnectOptions};
use std::{
    future::Future,
    io,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// How long to wait for a place, and for a connection to open. A server that lives opens one in milliseconds; who asks
/// will ask again, and should know why.
const OPENING: Duration = Duration::from_secs(2);

/// How long a session keeps the plans that it made. One of a moment at which a table was empty reads all of it when it is full, and no
/// statistics may say so for a minute; a burst does not fill it within this.
const PLANS_KEPT: Duration = Duration::from_secs(5);

/// How long a failed transaction may take to be rolled back, before its session is closed instead.
const ROLLBACK: Duration = Duration::from_secs(1);

/// Sessions of one database; clones share them. They are opened when they are first needed.
#[derive(Clone, Debug)]
pub struct Sessions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: PgConnectOptions,
    idle: Mutex<Vec<Opened>>,
    places: Arc<Semaphore>,
    plans_kept: Duration,
}

/// A connection, and since when its plans are kept.
#[derive(Debug)]
struct Opened {
    connection: PgConnection,
    planned_since: Instant,
}

impl Sessions {
    /// At most `places` at once, within [`Limits`].
    #[must_use]
    pub fn new(options: PgConnectOptions, limits: Limits, places: usize) -> Self {
        Self::keeping_plans(PLANS_KEPT, options, limits, places)
    }

    /// The same, whose sessions keep the plans of their statements for so long.
    #[must_use]
    pub fn keeping_plans(
        plans_kept: Duration,
        options: PgConnectOptions,
        limits: Limits,
        places: usize,
    ) -> Self {
        let places = Arc::new(Semaphore::new(places));
        let (options, idle) = (limits.apply(options), Mutex::default());
        Self(Arc::new(Shared { options, idle, places, plans_kept }))
    }

    /// A session for one piece of work, at the latest after some seconds. Bound the work with [`within`].
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] when none is free in time, that the server did not answer in time, or what it said.
    pub async fn open(&self) -> Result<Session, Error> {
        let place = Arc::clone(&self.0.places).acquire_owned();
        let Ok(Ok(place)) = timeout(OPENING, place).await else {
            return Err(Error::PoolTimedOut);
        };
        let idle = self.idle().pop();
        let opened = match idle {
            Some(opened) => self.with_young_plans(opened).await?,
            None => Opened {
                connection: within(OPENING, PgConnection::connect_with(&self.0.options)).await?,
                planned_since: Instant::now(),
            },
        };
        Ok(Session { opened, sessions: self.clone(), _place: place })
    }

    /// Has old plans forgotten: a statement is planned anew when it is next run.
    async fn with_young_plans(&self, mut opened: Opened) -> Result<Opened, Error> {
        if opened.planned_since.elapsed() >= self.0.plans_kept {
            within(OPENING, opened.connection.execute("DISCARD PLANS")).await?;
            opened.planned_since = Instant::now();
        }
        Ok(opened)
    }

    /// A piece of work on a session of its own, in so much time and no longer. A session on which it did not succeed in time
    /// is closed.
    ///
    /// # Errors
    /// The work's, those of [`open`](Self::open), or that the database did not answer in time.
    pub async fn run<T, E: From<Error>>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut session = self.open().await?;
        let outcome = within(limit, work(&mut session)).await?;
        session.done();
        Ok(outcome)
    }

    /// Closes what is idle, at once.
    pub fn close(&self) {
        self.0.places.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Opened>> {
        // A panic elsewhere cannot leave a list of connections half changed.
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session in use. Dropping it closes it: its transaction, if there is one, is rolled back by the server.
#[derive(Debug)]
pub struct Session {
    opened: Opened,
    sessions: Sessions,
    _place: OwnedSemaphorePermit,
}

impl Session {
    /// Gives it back after its work.
    pub fn done(self) {
        if !self.sessions.0.places.is_closed() {
            let Self { opened, sessions, _place } = self;
            sessions.idle().push(opened);
        }
    }

    /// Gives it back after work that succeeded or that the server refused; closes it when the server did neither.
    ///
    /// # Errors
    /// The work's.
    pub async fn end<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        match &outcome {
            Ok(_) => self.done(),
            Err(error) if Fault::of(error).is_of_the_place() => drop(self),
            Err(_) => self.failed().await,
        }
        outcome
    }

    /// Gives it back after a statement that the server answered with an error, once what was begun is rolled back.
    pub async fn failed(mut self) {
        if within(ROLLBACK, self.ping()).await.is_ok() {
            self.done();
        }
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.opened.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.opened.connection
    }
}

/// Work that may take so long and no longer.
///
/// # Errors
/// The work's, or that the database did not answer in time: then the session it used must not be used again.
pub fn within<T, E: From<Error>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
    // Not `async`: that would hold the work twice, where it was and where it is awaited.
    timeout(limit, work).map(|ended| ended.unwrap_or_else(|_elapsed| Err(no_answer().into())))
}

fn no_answer() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "it did not answer in time"))
}
