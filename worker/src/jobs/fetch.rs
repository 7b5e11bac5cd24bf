//! Asks Stripe for what a payload lacked. The answer travels as a message of its own, so that it is
//! settled like any event and a replay needs no network.

use super::Shared;
use crate::{telemetry, waiting};
use chrono::{TimeDelta, Utc};
use domain::ids::Realm;
use queue::{
    Delivery, Disposition,
    envelope::{Envelope, Source},
};
use std::time::Duration;
use store::{PgConnection, StoreError, thin_events};
use stripe::client::FetchError;
use stripe::fetched::{Fetched, Form};
use stripe::missing::Missing;
use stripe::thin::ThinEvent;

/// How long it may take to look whether something was fetched before.
const LOOK_UP: Duration = Duration::from_secs(3);

/// How often one question is asked, and not answered, before it is left to a person: for most of a day.
const MAX_ATTEMPTS: u32 = 20;

/// When a thin event is asked for again that Stripe refused to show, or could not: a key may have been mended.
const ASK_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// The first and the longest time for which a call is put off.
const SOONEST_RETRY: TimeDelta = TimeDelta::seconds(5);
const LATEST_RETRY: TimeDelta = TimeDelta::hours(1);

impl Shared {
    /// Asks, and publishes the answer; `None` when the worker is to stop first. What cannot be asked for is a dead letter that says
    /// why, but a thin event waits.
    pub(super) async fn fetch(&self, delivery: &Delivery, missing: &Missing) -> Option<Disposition> {
        let disposition = self.ask(delivery, missing).await?;
        match (disposition, missing) {
            (Disposition::DeadLetter { reason }, Missing::Event(thin)) => {
                Some(self.park(delivery, thin, reason).await)
            }
            (disposition, _) => Some(disposition),
        }
    }

    async fn park(&self, delivery: &Delivery, thin: &ThinEvent, reason: String) -> Disposition {
        let headers = &delivery.envelope.headers;
        let realm = delivery.envelope.realm();
        let waiting = waiting::event(realm, thin, reason, headers.received_at, Utc::now() + ASK_AGAIN);
        let park = async |session: &mut PgConnection| thin_events::park(session, &[waiting]).await;
        match self.sessions.run(LOOK_UP, park).await {
            Ok(()) => {
                metrics::counter!(telemetry::FETCHES, "result" => "parked").increment(1);
                Disposition::Ack
            }
            Err(error) => Disposition::PutOff { at: Utc::now() + SOONEST_RETRY, reason: error.to_string() },
        }
    }

    async fn ask(&self, delivery: &Delivery, missing: &Missing) -> Option<Disposition> {
        let realm = delivery.envelope.realm();
        let client = match self.keychain.client_of(realm, &self.sessions).await {
            Ok(Some(Ok(client))) => client,
            Ok(Some(Err(reason))) => return Some(Disposition::DeadLetter { reason }),
            Ok(None) => return Some(Disposition::DeadLetter { reason: waiting::no_key(realm) }),
            Err(error) => return Some(later(delivery.attempt, error.to_string())),
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
        let answers: Vec<(Realm, String)> = missing.answers().into_iter().map(|id| (realm, id)).collect();
        let settled = async |session: &mut PgConnection| store::completion::settled(session, &answers).await;
        Ok(!self.sessions.run(LOOK_UP, settled).await?.is_empty())
    }

    async fn forward(&self, delivery: &Delivery, fetched: Fetched, result: &'static str) -> Disposition {
        let headers = &delivery.envelope.headers;
        let (source, received_at) = match fetched.form {
            Form::Answer => (Source::Fetched, Utc::now()),
            Form::Event => (Source::Stripe, headers.received_at),
        };
        let answer = Envelope::new(source, delivery.envelope.realm(), fetched.body.into(), received_at)
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
pub(super) fn later(attempt: u32, reason: String) -> Disposition {
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
