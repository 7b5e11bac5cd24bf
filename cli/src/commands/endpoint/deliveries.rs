//! `tributary endpoint deliveries`

use super::EndpointArgs;
use crate::{context::Context, output};
use clap::{Args, ValueEnum};
use domain::ids::DeliveryId;
use serde::Serialize;
use std::fmt;
use store::deliveries::{self, Delivery, DeliveryStatus, Filter};
use store::page::Page;

/// Options of `endpoint deliveries`.
#[derive(Args)]
pub(crate) struct DeliveriesArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// Only those that stand so
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only those of one event
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// At most so many, the newest
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
}

/// Whether a notification has arrived.
#[derive(Clone, Copy, ValueEnum)]
enum Status {
    /// It is to be sent, for the first time or again
    Pending,
    /// It has
    Delivered,
    /// It was given up
    Failed,
    /// It is kept until it is asked for
    Parked,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<DeliveryItem>);

#[derive(Serialize)]
struct DeliveryItem {
    id: DeliveryId,
    notification_id: String,
    sequence: i64,
    event: String,
    status: &'static str,
    attempts: Vec<AttemptItem>,
    next_attempt_at: Option<String>,
    created_at: String,
}

#[derive(Serialize)]
struct AttemptItem {
    at: String,
    status_code: Option<i16>,
    error: Option<String>,
    duration_ms: i32,
    answer: Option<String>,
}

impl From<Delivery> for DeliveryItem {
    fn from(delivery: Delivery) -> Self {
        let attempts = delivery.attempts.into_iter().map(|attempt| AttemptItem {
            at: output::time(attempt.at),
            status_code: attempt.status_code,
            error: attempt.error,
            duration_ms: attempt.duration_ms,
            answer: attempt.answer,
        });
        Self {
            id: delivery.id,
            notification_id: delivery.notification,
            sequence: delivery.sequence,
            event: delivery.event,
            status: delivery.status.as_str(),
            attempts: attempts.collect(),
            next_attempt_at: delivery.next_attempt_at.map(output::time),
            created_at: output::time(delivery.created_at),
        }
    }
}

/// Lists them.
pub(super) async fn run(args: &DeliveriesArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let (_, id) = args.endpoint.find(&mut connection).await?;
    let status = args.status.map(|status| match status {
        Status::Pending => DeliveryStatus::Pending,
        Status::Delivered => DeliveryStatus::Delivered,
        Status::Failed => DeliveryStatus::Failed,
        Status::Parked => DeliveryStatus::Parked,
    });
    let filter = Filter { status, event: args.event.clone(), ..Filter::default() };
    let page = Page { limit: args.limit, offset: 0, after: None, may_stop: false };
    let listed = deliveries::list(&mut connection, id, &filter, &page).await?;
    context.print(&Listed(listed.rows.into_iter().map(Into::into).collect()))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There are no such deliveries.");
        }
        let mut table = output::table(["id", "seq", "event", "status", "tries", "last", "next"]);
        for delivery in &self.0 {
            let last = delivery.attempts.last().map(|last| match (&last.error, last.status_code) {
                (Some(error), _) => format!("{error}, {} ms", last.duration_ms),
                (None, Some(code)) => format!("{code}, {} ms", last.duration_ms),
                (None, None) => String::new(),
            });
            table.add_row([
                delivery.id.to_string(),
                delivery.sequence.to_string(),
                delivery.event.clone(),
                delivery.status.to_owned(),
                delivery.attempts.len().to_string(),
                last.unwrap_or_default(),
                delivery.next_attempt_at.clone().unwrap_or_default(),
            ]);
        }
        table.fmt(f)
    }
}
