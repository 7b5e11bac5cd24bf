//! What all requests share.

use crate::auth::Keys;
use crate::bodies::Bodies;
use crate::clock::Clock;
use crate::console::MountedConsole;
use crate::feeds::Feeds;
use crate::health::Health;
use crate::limits::Limits;
use crate::metrics::Meters;
use crate::places::Places;
use crate::refused_webhooks::Refusals;
use crate::signing_secrets::Secrets;
use app::completion::Completions;
use app::{Outbox, endpoints::Outgoing};
use common::config::LimitArgs;
use queue::Publisher;
use std::ops::Deref;
use std::sync::Arc;
use store::{PgPool, Sessions};
use tokio::sync::Semaphore;
use webconsole::ProxySignIn;

/// Rules that are tried on history at a time: each folds all of it.
const SIMULATIONS: usize = 2;

/// The connections to the database, by what they are for: what waits for one kind does not hold up another.
#[derive(Clone)]
pub struct Pools {
    /// For requests that read.
    pub reads: PgPool,
    /// For requests that write.
    pub writes: PgPool,
    /// For the look-up of a customer, which a back end makes while somebody waits for it.
    pub customers: Sessions,
    /// For what every request needs for a moment, keys and secrets, and for what goes on beside the requests.
    pub lookups: PgPool,
}

impl Pools {
    /// One pool for everything but the look-up, where one is enough.
    #[must_use]
    pub fn one(pool: &PgPool) -> Self {
        let customers = store::sessions_planned_once_beside(pool, 4);
        Self { reads: pool.clone(), writes: pool.clone(), customers, lookups: pool.clone() }
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
    /// What endpoints are reached and signed with.
    pub outgoing: Outgoing,
}

/// What a request has: its kind's connections, and what all requests share. Every layer that a request passes clones it.
#[derive(Clone)]
pub struct AppState {
    /// For the request at hand: a read's or a write's.
    pub(crate) pool: PgPool,
    shared: Arc<Shared>,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// What all requests share.
#[derive(Clone)]
pub struct Shared {
    pub(crate) pools: Pools,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
    pub(crate) limits: Arc<Limits>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) completions: Arc<Completions>,
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) outgoing: Outgoing,
    pub(crate) health: Arc<Health>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) bodies: Bodies,
    pub(crate) places: Arc<Places>,
    /// Whether `/metrics` is served on an address of its own, and so not here.
    pub(crate) metrics_apart: bool,
    /// Turns at trying rules on history.
    pub(crate) simulations: Arc<Semaphore>,
    /// The console, where it is switched on.
    pub(crate) console: Option<MountedConsole>,
}

impl AppState {
    /// Asks no store: the service starts also while they are down.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let meters = Meters::new();
        let Pools { reads, lookups, .. } = &parts.pools;
        let pool = reads.clone();
        let shared = Shared {
            keys: Arc::new(Keys::new(lookups.clone())),
            secrets: Arc::new(Secrets::new(lookups.clone())),
            refusals: Arc::default(),
            limits: Arc::new(Limits::new(&parts.limits)),
            completions: Arc::default(),
            feeds: Arc::default(),
            outgoing: parts.outgoing,
            health: Arc::default(),
            places: Arc::new(Places::new(meters.in_flight.clone())),
            bodies: Bodies::default(),
            simulations: Arc::new(Semaphore::new(SIMULATIONS)),
            meters: Arc::new(meters),
            pools: parts.pools,
            publisher: parts.publisher,
            clock: parts.clock,
            metrics_apart: false,
            console: None,
        };
        Self { pool, shared: Arc::new(shared) }
    }

    /// The same state, with the console.
    #[must_use]
    pub fn with_console(mut self, proxy: Option<ProxySignIn>) -> Self {
        let clock = self.clock.clone();
        let parts = webconsole::Parts {
            reads: self.pools.reads.clone(),
            writes: self.pools.writes.clone(),
            queue: self.publisher.prefix().clone(),
            broker: self.publisher.broker_queues().cloned(),
            completions: Arc::clone(&self.completions),
            outgoing: self.outgoing.clone(),
            now: Arc::new(move || clock.now()),
            proxy,
        };
        Arc::make_mut(&mut self.shared).console = Some(MountedConsole::new(parts));
        self
    }

    /// Where a transaction puts what the workers have to do.
    pub(crate) fn outbox(&self) -> Outbox<'_> {
        Outbox { queue: self.publisher.prefix(), now: self.clock.now() }
    }

    /// The same state, with `/metrics` on an address of its own.
    #[must_use]
    pub fn with_metrics_apart(mut self) -> Self {
        Arc::make_mut(&mut self.shared).metrics_apart = true;
        self
    }

    /// What `/readyz` says.
    pub(crate) fn readiness(&self) -> watch::Readiness {
        let (ready, readiness) = self.health.readiness(&self.publisher, &self.secrets);
        // Texts and flags: it can always be written.
        watch::Readiness { ready, body: serde_json::to_value(readiness).unwrap_or_default() }
    }

    /// The same state on other connections.
    pub(crate) fn on(&self, pool: &PgPool) -> Self {
        Self { pool: pool.clone(), shared: Arc::clone(&self.shared) }
    }

    /// The same state for requests that write.
    pub(crate) fn for_writes(&self) -> Self {
        self.on(&self.pools.writes)
    }
}
