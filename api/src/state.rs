//! What all requests share.

use crate::auth::Keys;
use crate::clock::Clock;
use crate::health::{Health, TIDY_INTERVAL};
use crate::limits::Limits;
use crate::metrics::Meters;
use crate::verdicts::Verdicts;
use crate::webhook::secrets::Secrets;
use common::config::LimitArgs;
use queue::Publisher;
use std::sync::Arc;
use store::PgPool;

/// What the service is made of.
pub struct Parts {
    /// For reads and the REST API's own writes; the publisher has connections of its own.
    pub pool: PgPool,
    /// The queue.
    pub publisher: Publisher,
    /// How much a client may ask.
    pub limits: LimitArgs,
    /// The time.
    pub clock: Clock,
}

/// What all requests share. Clones are the same state.
#[derive(Clone)]
pub struct AppState {
    pub(crate) pool: PgPool,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
    pub(crate) limits: Arc<Limits>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) verdicts: Arc<Verdicts>,
    pub(crate) health: Arc<Health>,
    pub(crate) meters: Arc<Meters>,
}

impl AppState {
    /// Asks no store: the service starts also while they are down.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            keys: Arc::new(Keys::new(parts.pool.clone())),
            secrets: Arc::new(Secrets::new(parts.pool.clone())),
            limits: Arc::new(Limits::new(&parts.limits)),
            verdicts: Arc::default(),
            health: Arc::default(),
            meters: Arc::new(Meters::new()),
            pool: parts.pool,
            publisher: parts.publisher,
            clock: parts.clock,
        }
    }

    /// Everything that goes on beside the requests. Never returns.
    pub(crate) async fn background(&self) {
        tokio::join!(
            self.secrets.refresh(),
            self.verdicts.run(&self.pool),
            self.health.probe(&self.pool),
            Box::pin(self.limits.share(&self.pool)),
            crate::metrics::keep_drained(),
            crate::idempotency::purge(self),
            async {
                let mut every = tokio::time::interval(TIDY_INTERVAL);
                loop {
                    every.tick().await;
                    self.limits.sweep();
                }
            },
        );
    }
}
