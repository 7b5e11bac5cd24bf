//! Asks Stripe for what a payload lacked. The answer travels as a message of its own, so that it is
//! settled like any event and a replay needs no network.

use super::Shared;
use crate::telemetry;
use chrono::{TimeDelta, Utc};
use domain::ids::Realm;
use queue::{
    Delivery, Disposition,
    envelope::{Envelope, Source},
};
use std::time::Duration;
use store::{StoreError, settlement::Item, verdicts, within};
use stripe::client::FetchError;
use stripe::fetched::Fetched;
use stripe::missing::Missing;

/// A call with all of its retries. Longer outages put the message off.
pub(super) const CALL: Duration = Duration::from_secs(20);

/// How long it may take to look whether something was fetched before.
const LOOK_UP: Duration = Duration::from_secs(3);

/// How often one question is asked, and not answered, before it is left to a person: for most of a day.
const MAX_ATTEMPTS: u32 = 20;

/// The first and the longest time for which a call is put off.
const SOONEST_RETRY: TimeDelta = TimeDelta::seconds(5);
const LATEST_RETRY: TimeDelta = TimeDelta::hours(1);

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
        let client = match self.keychain.client(realm) {
            Some(Ok(client)) => client,
            Some(Err(reason)) => return Some(Disposition::DeadLetter { reason }),
            None => {
                let Realm { project, mode } = realm;
                let reason = format!(
                    "project {project} has no Stripe key of {mode} mode: tributary project update {project} \
                     --mode {mode} --stripe-api-key FILE"
                );
                return Some(Disposition::DeadLetter { reason });
            }
        };
        match self.is_known(realm, missing).await {
            Ok(true) => return Some(Disposition::Ack),
            Ok(false) => {}
            // Asking once more does no harm.
            Err(error) => tracing::debug!(%error, "whether it was fetched before is not known"),
        }
        let call = client.fetch(missing);
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

    #[test]
    fn calls_are_put_off_longer_each_time_up_to_an_hour() {
        let pause = |attempt| match later(attempt, String::new()) {
            Disposition::Retry { at, .. } => (at - Utc::now()).num_seconds() + 1,
            Disposition::Ack | Disposition::PutOff { .. } | Disposition::DeadLetter { .. } => 0,
        };
        assert_eq!([pause(0), pause(3), pause(19), pause(20)], [5, 40, 3600, 0]);
    }
}
