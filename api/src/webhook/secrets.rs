//! Every project's signing secrets, in memory: refreshed every few seconds, served as they were last
//! known while the database is down.

use crate::error::ApiError;
use domain::ids::{Mode, ProjectId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use store::stripe_endpoints::{self, ProjectSecrets};
use store::{PgPool, StoreError};
use tokio::sync::Semaphore;

/// A secret that was added or revoked is known everywhere after this time.
const REFRESH: Duration = Duration::from_secs(2);

/// Refreshing takes no more than this share of a core: with very many projects it happens less often.
const REFRESH_SHARE: u32 = 20;

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

    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The mode of a secret, by its place.
    pub(crate) fn mode(&self, secret: usize) -> Option<Mode> {
        self.modes.get(secret).copied()
    }

    /// The modes that have a secret.
    pub(crate) fn modes(&self) -> impl Iterator<Item = Mode> {
        [Mode::Test, Mode::Live].into_iter().filter(|mode| self.modes.contains(mode))
    }
}

/// All projects.
pub(crate) struct Secrets {
    pool: PgPool,
    known: RwLock<HashMap<ProjectId, Arc<Project>>>,
    unknown: RwLock<HashMap<ProjectId, Instant>>,
    /// Whether the database answered when it was last asked; true before that.
    answers: AtomicBool,
    look_ups: Semaphore,
}

impl Secrets {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            known: RwLock::default(),
            unknown: RwLock::default(),
            answers: AtomicBool::new(true),
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

    /// Reads all projects again and again. Never returns.
    pub(crate) async fn refresh(&self) {
        loop {
            let started = Instant::now();
            match self.load().await {
                Ok(()) => {
                    if !self.answers.swap(true, Ordering::Relaxed) {
                        tracing::info!("signing secrets are read again");
                    }
                }
                Err(error) => {
                    if self.answers.swap(false, Ordering::Relaxed) {
                        tracing::warn!(%error, "signing secrets cannot be read: the known ones stay in use");
                    }
                }
            }
            tokio::time::sleep(REFRESH.max(started.elapsed() * REFRESH_SHARE)).await;
        }
    }

    async fn load(&self) -> Result<(), StoreError> {
        let projects = stripe_endpoints::all(&mut *self.pool.acquire().await?).await?;
        let known = projects.into_iter().map(|project| (project.project, Arc::new(Project::new(project))));
        let known = known.collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        let mut unknown = self.unknown.write().unwrap_or_else(PoisonError::into_inner);
        unknown.retain(|_, at| at.elapsed() < UNKNOWN_FOR);
        Ok(())
    }

    async fn look_up(&self, id: ProjectId) -> Result<Option<Arc<Project>>, StoreError> {
        let _turn = self.look_ups.acquire().await;
        if let Some(project) = self.cached(id).filter(|project| project.seen_at.elapsed() < LOOK_AGAIN) {
            return Ok(Some(project));
        }
        if self.is_known_to_be_missing(id) {
            return Ok(None);
        }
        let found = async { stripe_endpoints::of_project(&mut *self.pool.acquire().await?, id).await }.await;
        let Some(project) = found.inspect_err(|_| self.answers.store(false, Ordering::Relaxed))? else {
            let mut unknown = self.unknown.write().unwrap_or_else(PoisonError::into_inner);
            if unknown.len() >= MAX_UNKNOWN {
                unknown.clear();
            }
            unknown.insert(id, Instant::now());
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
