//! Every project's signing secrets, in memory: refreshed every few seconds, served as they were last
//! known while the database is down (ADR 27).

use crate::error::ApiError;
use chrono::{DateTime, Utc};
use domain::ids::{Mode, ProjectId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use store::stripe_endpoints::{self, ProjectSecrets};
use store::{PgPool, StoreError, place, within};
use stripe::signature::{self, InvalidSignature};
use tokio::sync::Semaphore;

/// A secret that was added or revoked is known everywhere after this time.
const REFRESH: Duration = Duration::from_secs(2);

/// Reading takes no more than this share of the time: with very many projects it happens less often, but no seldomer
/// than [`SELDOM`].
const REFRESH_SHARE: u32 = 20;
const SELDOM: Duration = Duration::from_secs(10);

/// A database that needs longer to read them is not there.
const PATIENCE: Duration = Duration::from_secs(4);

/// After a failed reading: what changed in the meantime is known this soon after the database is back.
const RETRY: Duration = Duration::from_millis(500);

/// Secrets of other projects that are tried on a body, so that an endpoint with a wrong address is told so. A deployment
/// with more says that the signature is wrong.
const MAX_TRIED: usize = 64;

/// How often a project is looked up again because nothing verified: somebody may have added a secret
/// just now, and tries it.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long an id is known not to exist.
const UNKNOWN_FOR: Duration = Duration::from_millis(200);

/// Ids that are known not to exist; guesses do not fill memory.
const MAX_UNKNOWN: usize = 10_000;

/// Single look-ups at a time, so that guessed ids do not use up the pool.
const LOOK_UPS: usize = 2;

/// A project's secrets as they were last seen.
pub(crate) struct Project {
    secrets: Vec<String>,
    modes: Vec<Mode>,
    seen_at: Instant,
}

impl Project {
    fn new(project: ProjectSecrets) -> Self {
        let (secrets, modes) = project.secrets.into_iter().unzip();
        Self { secrets, modes, seen_at: Instant::now() }
    }

    /// The mode of the secret that proves a body.
    pub(crate) fn verify(
        &self,
        header: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Mode, InvalidSignature> {
        let verified = signature::verify(header, body, &self.secrets, now)?;
        self.modes.get(verified.secret).copied().ok_or(InvalidSignature::Mismatch)
    }
}

/// All projects.
pub(crate) struct Secrets {
    pool: PgPool,
    known: RwLock<HashMap<ProjectId, Arc<Project>>>,
    unknown: RwLock<HashMap<ProjectId, Instant>>,
    /// Whether the database answered when it was last asked; true before that.
    answers: AtomicBool,
    /// Whether they were ever read.
    are_known: AtomicBool,
    look_ups: Semaphore,
}

impl Secrets {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            known: RwLock::default(),
            unknown: RwLock::default(),
            answers: AtomicBool::new(true),
            are_known: AtomicBool::new(false),
            look_ups: Semaphore::new(LOOK_UPS),
        }
    }

    /// The project; `None` when there is none with this id.
    pub(crate) async fn project(&self, id: ProjectId) -> Result<Option<Arc<Project>>, ApiError> {
        if let Some(project) = self.cached(id) {
            return Ok(Some(project));
        }
        if self.is_known_to_be_missing(id) {
            return Ok(None);
        }
        if !self.answers.load(Ordering::Relaxed) {
            return Err(ApiError::unavailable("The project cannot be looked up right now: send it again"));
        }
        Ok(self.look_up(id).await?)
    }

    /// The project as it is now, if it is known to have changed since it was last seen. `None` when
    /// it was looked up a moment ago, or cannot be.
    pub(crate) async fn look_again(&self, id: ProjectId, last: &Project) -> Option<Arc<Project>> {
        if last.seen_at.elapsed() < LOOK_AGAIN || !self.answers.load(Ordering::Relaxed) {
            return None;
        }
        let project = self.look_up(id).await.ok().flatten()?;
        (project.secrets != last.secrets).then_some(project)
    }

    /// Whether the secrets were ever read. Until then no webhook can be verified.
    pub(crate) fn are_known(&self) -> bool {
        self.are_known.load(Ordering::Relaxed)
    }

    /// Whether any project's secret proves the body.
    pub(crate) fn is_somebodys(&self, header: &str, body: &[u8], now: DateTime<Utc>) -> bool {
        let known: Vec<Arc<Project>> = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.values().take(MAX_TRIED).cloned().collect()
        };
        known.iter().any(|project| project.verify(header, body, now).is_ok())
    }

    /// Reads all projects again and again. Never returns.
    pub(crate) async fn refresh(&self) {
        loop {
            let pause = match within(PATIENCE, self.load()).await {
                Ok(took) => {
                    self.are_known.store(true, Ordering::Relaxed);
                    if !self.answers.swap(true, Ordering::Relaxed) {
                        tracing::info!("signing secrets are read again");
                    }
                    REFRESH.max(took * REFRESH_SHARE).min(SELDOM)
                }
                Err(error) => {
                    if self.answers.swap(false, Ordering::Relaxed) {
                        let (database, error) = (place::of(&self.pool), common::causes(&error));
                        let until_then = if self.are_known() {
                            "the known ones stay in use"
                        } else {
                            "webhooks are turned away until they can"
                        };
                        tracing::warn!(database, error, "signing secrets cannot be read: {until_then}");
                    }
                    RETRY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads all projects; how long the database took.
    async fn load(&self) -> Result<Duration, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let started = Instant::now();
        let projects = stripe_endpoints::all(&mut connection).await?;
        let took = started.elapsed();
        let known = projects.into_iter().map(|project| (project.project, Arc::new(Project::new(project))));
        let known = known.collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        let mut unknown = self.unknown.write().unwrap_or_else(PoisonError::into_inner);
        unknown.retain(|_, at| at.elapsed() < UNKNOWN_FOR);
        Ok(took)
    }

    async fn look_up(&self, id: ProjectId) -> Result<Option<Arc<Project>>, StoreError> {
        let _turn = self.look_ups.acquire().await;
        if let Some(project) = self.cached(id).filter(|project| project.seen_at.elapsed() < LOOK_AGAIN) {
            return Ok(Some(project));
        }
        if self.is_known_to_be_missing(id) {
            return Ok(None);
        }
        let asked = async { stripe_endpoints::of_project(&mut *self.pool.acquire().await?, id).await };
        let Some(project) =
            within(PATIENCE, asked).await.inspect_err(|_| self.answers.store(false, Ordering::Relaxed))?
        else {
            let mut unknown = self.unknown.write().unwrap_or_else(PoisonError::into_inner);
            if unknown.len() >= MAX_UNKNOWN {
                unknown.retain(|_, at| at.elapsed() < UNKNOWN_FOR);
            }
            if unknown.len() < MAX_UNKNOWN {
                unknown.insert(id, Instant::now());
            }
            return Ok(None);
        };
        let project = Arc::new(Project::new(project));
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&project));
        Ok(Some(project))
    }

    fn cached(&self, id: ProjectId) -> Option<Arc<Project>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn is_known_to_be_missing(&self, id: ProjectId) -> bool {
        let unknown = self.unknown.read().unwrap_or_else(PoisonError::into_inner);
        unknown.get(&id).is_some_and(|at| at.elapsed() < UNKNOWN_FOR)
    }
}
