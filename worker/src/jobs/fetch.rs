//! Asks Stripe for what a payload lacked. The answer travels as a message of its own, so that it is
//! settled like any event and a replay needs no network.

use super::Shared;
use crate::telemetry;
use chrono::{TimeDelta, Utc};
use common::config::StripeArgs;
use domain::ids::{Mode, Realm};
use queue::{
    Delivery, Disposition,
    envelope::{Envelope, Source},
};
use std::time::Duration;
use store::{StoreError, settlement::Item, verdicts, within};
use stripe::client::{FetchError, StripeClient};
use stripe::fetched::Fetched;
use stripe::missing::Missing;

/// A call with all of its retries. Longer outages put the message off.
const CALL: Duration = Duration::from_secs(20);

/// How long it may take to look whether something was fetched before.
const LOOK_UP: Duration = Duration::from_secs(3);

/// How often one question is asked, and not answered, before it is left to a person: for most of a day.
const MAX_ATTEMPTS: u32 = 20;

/// The first and the longest time for which a call is put off.
const SOONEST_RETRY: TimeDelta = TimeDelta::seconds(5);
const LATEST_RETRY: TimeDelta = TimeDelta::hours(1);

/// Stripe's API with a key of one mode.
pub(crate) struct Fetching {
    client: StripeClient,
    scope: FetchScope,
}

/// What a key can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FetchScope {
    /// `None`: the key does not tell.
    mode: Option<Mode>,
}

impl Fetching {
    /// A client, when there is a key.
    pub(crate) fn from_args(args: &StripeArgs) -> Result<Option<Self>, FetchError> {
        let Some(key) = args.secret_key() else { return Ok(None) };
        let client = StripeClient::new(key, Some(&args.stripe_api_base), CALL)?;
        Ok(Some(Self { client, scope: FetchScope::of_key(key) }))
    }

    /// What it can read.
    pub(crate) fn scope(&self) -> FetchScope {
        self.scope
    }
}

impl FetchScope {
    /// By the key's prefix, `sk_live_…` or `rk_test_…` (<https://docs.stripe.com/keys>).
    fn of_key(key: &str) -> Self {
        let mode = match key.trim().split('_').nth(1) {
            Some("live") => Some(Mode::Live),
            Some("test") => Some(Mode::Test),
            _ => None,
        };
        Self { mode }
    }

    /// Whether the key can read what belongs to this realm.
    pub(crate) fn covers(self, realm: Realm) -> bool {
        self.mode.is_none_or(|mode| mode == realm.mode)
    }
}

/// The message that asks for what an item lacked.
pub(crate) fn request(item: &Item, gap: &Missing) -> Envelope {
    // A plain structure of texts cannot fail to become JSON.
    let body = serde_json::to_vec(gap).unwrap_or_default();
    Envelope::new(Source::Fetch, item.realm, body.into(), Utc::now())
        .with_traceparent(item.event.traceparent.as_deref())
}

impl Shared {
    /// Asks, and publishes the answer; `None` when the worker is to stop first.
    pub(super) async fn fetch(&self, delivery: &Delivery, missing: &Missing) -> Option<Disposition> {
        let realm = delivery.envelope.realm();
        let Some(fetching) = self.fetching.as_ref().filter(|fetching| fetching.scope.covers(realm)) else {
            let reason = format!("no Stripe key of {} mode is configured: set STRIPE_SECRET_KEY", realm.mode);
            return Some(Disposition::DeadLetter { reason });
        };
        match self.is_known(realm, missing).await {
            Ok(true) => return Some(Disposition::Ack),
            Ok(false) => {}
            // Asking once more does no harm.
            Err(error) => tracing::debug!(%error, "whether it was fetched before is not known"),
        }
        let call = fetching.client.fetch(missing);
        let answer = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => return None,
            answer = call => answer,
        };
        Some(match answer {
            Ok(fetched) => self.forward(delivery, fetched, "fetched").await,
            // Kept as the answer it is: nothing.
            Err(FetchError::NotFound(_)) => {
                self.forward(delivery, Fetched::not_found(missing), "unknown").await
            }
            Err(error) if error.is_transient() => {
                metrics::counter!(telemetry::FETCHES, "result" => "later").increment(1);
                later(delivery.attempt, error.to_string())
            }
            Err(error) => {
                metrics::counter!(telemetry::FETCHES, "result" => "refused").increment(1);
                Disposition::DeadLetter { reason: error.to_string() }
            }
        })
    }

    async fn is_known(&self, realm: Realm, missing: &Missing) -> Result<bool, StoreError> {
        let mut session = self.sessions.open().await?;
        let known = within(LOOK_UP, verdicts::settled(&mut session, &[(realm, missing.fetch_id())])).await?;
        session.done();
        Ok(!known.is_empty())
    }

    async fn forward(&self, delivery: &Delivery, fetched: Fetched, result: &'static str) -> Disposition {
        let headers = &delivery.envelope.headers;
        let answer =
            Envelope::new(Source::Fetched, delivery.envelope.realm(), fetched.body.into(), Utc::now())
                .with_traceparent(headers.traceparent.as_deref());
        match self.publisher.publish(answer).await {
            Ok(_) => {
                metrics::counter!(telemetry::FETCHES, "result" => result).increment(1);
                Disposition::Ack
            }
            Err(error) => later(delivery.attempt, error.to_string()),
        }
    }
}

/// Puts it off, longer each time, up to a time.
fn later(attempt: u32, reason: String) -> Disposition {
    if attempt >= MAX_ATTEMPTS {
        return Disposition::DeadLetter {
            reason: format!("asked in vain {attempt} times, at last: {reason}"),
        };
    }
    let factor = 1i32.checked_shl(attempt.min(16)).unwrap_or(i32::MAX);
    let pause = (SOONEST_RETRY * factor).min(LATEST_RETRY);
    Disposition::Retry { at: Utc::now() + pause, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::ProjectId;

    #[test]
    fn a_key_reads_its_mode_only() {
        let covers = |key: &str, mode| FetchScope::of_key(key).covers(Realm { project: ProjectId(1), mode });
        assert!(covers("sk_test_1", Mode::Test) && !covers("sk_test_1", Mode::Live));
        assert!(covers("rk_live_1", Mode::Live) && !covers("rk_live_1", Mode::Test));
        assert!(covers("local", Mode::Live) && covers("local", Mode::Test));
    }

    #[test]
    fn calls_are_put_off_longer_each_time_up_to_an_hour() {
        let pause = |attempt| match later(attempt, String::new()) {
            Disposition::Retry { at, .. } => (at - Utc::now()).num_seconds() + 1,
            Disposition::Ack | Disposition::PutOff { .. } | Disposition::DeadLetter { .. } => 0,
        };
        assert_eq!([pause(0), pause(3), pause(19), pause(20)], [5, 40, 3600, 0]);
    }
}
