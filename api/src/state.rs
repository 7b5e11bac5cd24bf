//! What all requests share.

use crate::auth::Keys;
use crate::bodies::Bodies;
use crate::clock::Clock;
use crate::health::{Health, TIDY_INTERVAL};
use crate::limits::Limits;
use crate::metrics::Meters;
use crate::places::Places;
use crate::verdicts::Verdicts;
use crate::webhook::secrets::Secrets;
use app::Outbox;
use common::config::LimitArgs;
use queue::Publisher;
use std::sync::Arc;
use store::PgPool;
use tokio::sync::Semaphore;

/// Rules that are tried on history at a time: each folds all of it.
const SIMULATIONS: usize = 2;

/// The connections to the database, by what they are for: what waits for one kind does not hold up another.
#[derive(Clone)]
pub struct Pools {
    /// For requests that read.
    pub reads: PgPool,
    /// For requests that write.
    pub writes: PgPool,
    /// For what every request needs for a moment, keys and secrets, and for what goes on beside the requests.
    pub lookups: PgPool,
}

impl Pools {
    /// One pool for everything, where one is enough.
    #[must_use]
    pub fn one(pool: &PgPool) -> Self {
        Self { reads: pool.clone(), writes: pool.clone(), lookups: pool.clone() }
    }
}

/// What the service is made of.
pub struct Parts {
    /// For the REST API; the publisher has connections of its own.
    pub pools: Pools,
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
    /// For the request at hand: a read's or a write's.
    pub(crate) pool: PgPool,
    pools: Pools,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
    pub(crate) limits: Arc<Limits>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) verdicts: Arc<Verdicts>,
    pub(crate) health: Arc<Health>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) bodies: Bodies,
    pub(crate) places: Arc<Places>,
    /// Turns at trying rules on history.
    pub(crate) simulations: Arc<Semaphore>,
}

impl AppState {
    /// Asks no store: the service starts also while they are down.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let meters = Meters::new();
        let Pools { reads, lookups, .. } = &parts.pools;
        Self {
            keys: Arc::new(Keys::new(lookups.clone())),
            secrets: Arc::new(Secrets::new(lookups.clone())),
            limits: Arc::new(Limits::new(&parts.limits)),
            verdicts: Arc::default(),
            health: Arc::default(),
            places: Arc::new(Places::new(meters.in_flight.clone())),
            bodies: Bodies::default(),
            simulations: Arc::new(Semaphore::new(SIMULATIONS)),
            meters: Arc::new(meters),
            pool: reads.clone(),
            pools: parts.pools,
            publisher: parts.publisher,
            clock: parts.clock,
        }
    }

    /// Where a transaction puts what the workers have to do.
    pub(crate) fn outbox(&self) -> Outbox<'_> {
        Outbox { queue: self.publisher.prefix(), now: self.clock.now() }
    }

    /// The same state for requests that write.
    pub(crate) fn for_writes(&self) -> Self {
        Self { pool: self.pools.writes.clone(), ..self.clone() }
    }

    /// Everything that goes on beside the requests. Never returns.
    pub(crate) async fn background(&self) {
        let lookups = &self.pools.lookups;
        tokio::join!(
            self.secrets.refresh(),
            self.verdicts.run(lookups),
            self.health.probe(lookups),
            Box::pin(self.limits.share(lookups)),
            crate::metrics::keep_drained(),
            async { crate::idempotency::purge(&Self { pool: lookups.clone(), ..self.clone() }).await },
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
