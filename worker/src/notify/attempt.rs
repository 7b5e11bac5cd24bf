//! One try.

use super::telemetry;
use ::notify::schedule::{self, Counts, Next};
use ::notify::{Answer, Client, Control, Failure, Message, Outcome, Secret};
use bytes::Bytes;
use chrono::Utc;
use sealing::Sealer;
use std::time::Instant;
use store::deliveries::{After, Claimed, Finished};
use traces::{Span, SpanKind};
use uuid::Uuid;

/// How a try went, and whether its endpoint has to go.
pub(super) struct Tried {
    pub(super) finished: Finished,
    /// Why nothing more is to be sent there.
    pub(super) disable: Option<String>,
}

/// Sends a delivery once.
pub(super) async fn send(client: &Client, sealer: &Sealer, claimed: &Claimed, lease: Uuid) -> Tried {
    let (at, started) = (Utc::now(), Instant::now());
    let mut span = Span::part_of(claimed.trace.as_deref(), "notify", SpanKind::Client);
    span.number("tributary.endpoint", claimed.endpoint.0);
    span.text("tributary.notification", &claimed.notification.id());
    span.text("tributary.event", claimed.notification.event());
    let outcome = match message(claimed, sealer) {
        Ok(message) => client.post(&claimed.url, &message, at, claimed.timeout).await,
        Err(reason) => Outcome::Failed(Failure::Broken(reason)),
    };
    let duration = started.elapsed();
    metrics::counter!(telemetry::ATTEMPTS, "outcome" => label(&outcome)).increment(1);
    metrics::histogram!(telemetry::ATTEMPT_SECONDS).record(duration);
    if let Outcome::Answered(answer) = &outcome {
        span.number("http.response.status_code", answer.status.into());
    }
    let next = schedule::next(&outcome, claimed.tries, claimed.elapsed, rand::random());
    if next == Next::Delivered && claimed.tries == 0 {
        let latency = Utc::now() - claimed.notification.created_at();
        metrics::histogram!(telemetry::LATENCY_SECONDS).record(latency.to_std().unwrap_or_default());
    }
    if next != Next::Delivered {
        span.failed("it was not delivered");
    }
    drop(span);
    let (status_code, answer) = match &outcome {
        Outcome::Answered(answer) => (Some(answer.status), Some(answer.body.clone())),
        Outcome::Failed(_) => (None, None),
    };
    let error = if next == Next::Delivered { None } else { Some(words(&outcome)) };
    let after = match next {
        Next::Delivered => After::Delivered,
        Next::Retry { after, counts } => After::Again { pause: after, counts: counts == Counts::Yes },
        Next::GiveUp => After::Failed,
        // It is parked with whatever else waits for this endpoint.
        Next::Disable => After::Again { pause: claimed.timeout, counts: false },
    };
    let disable = (next == Next::Disable).then(|| words(&outcome));
    let finished = Finished {
        id: claimed.id,
        endpoint: claimed.endpoint,
        lease,
        after,
        at,
        duration,
        status_code,
        error,
        answer,
    };
    Tried { finished, disable }
}

fn message(claimed: &Claimed, sealer: &Sealer) -> Result<Message, String> {
    let mut secrets = Vec::new();
    for stored in &claimed.secrets {
        let secret = sealer.open(stored).map_err(|error| format!("the secret cannot be read: {error}"))?;
        secrets.push(Secret::parse(&secret).map_err(|error| format!("the secret {error}"))?);
    }
    let body = claimed.notification.body().map_err(|error| common::causes(&error))?;
    Ok(Message {
        id: claimed.notification.id(),
        event: claimed.notification.event().to_owned(),
        body: Bytes::from(Box::<str>::from(body).into_boxed_bytes()),
        secrets,
    })
}

/// What went wrong, for whoever reads the log of tries.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(Answer { status: 410, .. }) => "410 Gone: it wants nothing more".to_owned(),
        Outcome::Answered(Answer { control: Some(Control::Disable), .. }) => {
            "it asked for it, by webhook-delivery: disable".to_owned()
        }
        Outcome::Answered(Answer { control: Some(Control::AbortMessage), status, .. }) => {
            format!("status {status}, and not again: webhook-delivery: abort-message")
        }
        Outcome::Answered(Answer { status: status @ 300..=399, .. }) => {
            format!("status {status}: redirects are not followed")
        }
        Outcome::Answered(Answer { status, .. }) => format!("status {status}"),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

fn label(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered(Answer { status: 200..=299, .. }) => "delivered",
        Outcome::Answered(_) => "refused",
        Outcome::Failed(Failure::Forbidden(_)) => "forbidden",
        Outcome::Failed(Failure::TimedOut) => "timeout",
        Outcome::Failed(Failure::Connect(_)) => "connect",
        Outcome::Failed(Failure::Broken(_)) => "broken",
    }
}
