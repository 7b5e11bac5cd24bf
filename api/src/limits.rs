//! Rate limits: per client address and minute, per API key and hour, per project for webhooks.
//!
//! They live in memory; the processes share the one per key every few seconds (`shared`). Memory is bounded: of more
//! addresses than a limiter remembers, the further ones share windows (`quota`).

pub(crate) mod client;
mod exchange;
mod quota;
mod shared;

pub(crate) use quota::{Allowance, Quotas};

use client::ClientAddress;
use common::config::LimitArgs;
use domain::ids::ProjectId;
use governor::clock::DefaultClock;
use shared::Shared;
use std::num::NonZeroU32;
use std::time::Duration;
use store::PgPool;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Webhooks of one project that one process takes in a second, after the signature. Generous: it is
/// there for a sender gone mad, not for a busy one.
const WEBHOOKS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

/// Addresses that a limiter remembers: some 10 MB.
const MAX_KEYS: usize = 100_000;

/// The three limits.
pub(crate) struct Limits {
    per_address: Option<Quotas<ClientAddress, DefaultClock>>,
    per_key: Option<Shared<DefaultClock>>,
    webhooks: Option<Quotas<ProjectId, DefaultClock>>,
    trusted_proxies: Vec<ipnet::IpNet>,
}

impl Limits {
    /// From the settings; 0 switches one off, and the webhooks' own is off when both are.
    pub(crate) fn new(args: &LimitArgs) -> Self {
        let clock = DefaultClock::default;
        let per_address = NonZeroU32::new(args.rate_limit_per_ip_per_minute)
            .map(|count| Quotas::new(count, MINUTE, MAX_KEYS, clock()));
        let per_key =
            NonZeroU32::new(args.rate_limit_per_key_per_hour).map(|count| Shared::new(count, HOUR, clock()));
        let webhooks = (per_address.is_some() || per_key.is_some())
            .then(|| Quotas::new(WEBHOOKS_PER_SECOND, Duration::from_secs(1), MAX_KEYS, clock()));
        Self { per_address, per_key, webhooks, trusted_proxies: args.trusted_proxies.0.clone() }
    }

    /// The networks whose `X-Forwarded-For` is believed.
    pub(crate) fn trusted_proxies(&self) -> &[ipnet::IpNet] {
        &self.trusted_proxies
    }

    /// Counts a request from an address; none without a limit.
    pub(crate) fn address(&self, address: ClientAddress) -> Option<Result<Allowance, Allowance>> {
        self.per_address.as_ref().map(|quotas| quotas.take(&address))
    }

    /// Counts a request with a key; none without a limit.
    pub(crate) fn key(&self, key: i64) -> Option<Result<Allowance, Allowance>> {
        self.per_key.as_ref().map(|shared| shared.take(key))
    }

    /// Counts a webhook of a project; none without a limit.
    pub(crate) fn webhook(&self, project: ProjectId) -> Option<Result<Allowance, Allowance>> {
        self.webhooks.as_ref().map(|quotas| quotas.take(&project))
    }

    /// Forgets who has been quiet; called every few seconds.
    pub(crate) fn sweep(&self) {
        if let Some(quotas) = &self.per_address {
            quotas.sweep();
        }
        if let Some(shared) = &self.per_key {
            shared.sweep();
        }
        if let Some(quotas) = &self.webhooks {
            quotas.sweep();
        }
    }

    /// Shares the limit per key with the other processes. Never returns.
    pub(crate) async fn share(&self, pool: &PgPool) {
        match &self.per_key {
            Some(shared) => exchange::run(shared, pool).await,
            None => std::future::pending().await,
        }
    }
}
