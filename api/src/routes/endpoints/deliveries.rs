//! `GET /api/v1/webhook-endpoints/{id}/deliveries`

use crate::answer::{List, timestamp};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Id, Query, first_moment, moment_after, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CsvText, DayOrTime, DeliveryStatusWord, SingleEventWord};
use crate::openapi::{Paging, Reading};
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::{EndpointId, Realm};
use domain::notification::Event;
use serde::Serialize;
use store::deliveries::{self, DeliveryStatus, Filter};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};
use utoipa::ToSchema;

const DEFAULT_LIMIT: i64 = 50;

/// A notification on its way to an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct Delivery {
    id: i64,
    /// `ntf_…`, as in the body and in `webhook-id`.
    #[schema(example = "ntf_4f6b3a1c2d5e4f60718293a4b5c6d7e8")]
    notification_id: String,
    /// The notification's place in the sequence.
    sequence: i64,
    #[schema(value_type = SingleEventWord)]
    event: String,
    /// `pending`, `delivered`, `failed` after the last try, or `parked`: kept until `redeliver` asks for it.
    #[schema(value_type = DeliveryStatusWord)]
    status: &'static str,
    /// The tries of the last 30 days, the first one first.
    attempts: Vec<Attempt>,
    /// When it is sent next, while it is pending.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A try.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
struct Attempt {
    #[schema(format = DateTime)]
    at: String,
    /// Null when nothing was answered.
    status_code: Option<i16>,
    /// What went wrong; null for a success.
    error: Option<String>,
    duration_ms: i32,
    /// The first 2 KB of the answer.
    answer: Option<String>,
}

impl From<deliveries::Delivery> for Delivery {
    fn from(delivery: deliveries::Delivery) -> Self {
        let attempts = delivery.attempts.into_iter().map(|attempt| Attempt {
            at: timestamp(attempt.at),
            status_code: attempt.status_code,
            error: attempt.error,
            duration_ms: attempt.duration_ms,
            answer: attempt.answer,
        });
        Self {
            id: delivery.id.0,
            notification_id: delivery.notification,
            sequence: delivery.sequence,
            event: delivery.event,
            status: delivery.status.as_str(),
            attempts: attempts.collect(),
            next_attempt_at: delivery.next_attempt_at.map(timestamp),
            created_at: timestamp(delivery.created_at),
        }
    }
}

/// What was sent to an endpoint, newest first
///
/// Each with its tries. `from` and `to` are of when it was put on its way.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}/deliveries",
    operation_id = "list_webhook_deliveries",
    tag = "Notifications",
    params(
        ("id" = i64, Path, minimum = 1),
        ("status" = Option<DeliveryStatusWord>, Query),
        ("event" = Option<SingleEventWord>, Query),
        ("from" = Option<DayOrTime>, Query),
        ("to" = Option<DayOrTime>, Query),
        Paging,
    ),
    responses(
        Reading,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<Delivery> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = filter(&mut query);
    query.finish()?;
    let id = EndpointId(id);
    let mut connection = state.pool.acquire().await?;
    endpoints::find(&mut connection, caller.realm, id).await?;
    drop(connection);
    listing::answer(&state, caller, page, shape, Deliveries { endpoint: id, filter }).await
}

struct Deliveries {
    endpoint: EndpointId,
    filter: Filter,
}

impl Table for Deliveries {
    type Row = deliveries::Delivery;
    type Shown = Delivery;

    const COLUMNS: &'static [&'static str] = &[
        "id",
        "notification_id",
        "sequence",
        "event",
        "status",
        "attempts",
        "next_attempt_at",
        "created_at",
    ];
    const NAME: &'static str = "webhook-deliveries";

    async fn page(
        &self,
        connection: &mut PgConnection,
        _: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        deliveries::list(connection, self.endpoint, &self.filter, page).await
    }

    async fn count(&self, connection: &mut PgConnection, _: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(deliveries::count(connection, self.endpoint, &self.filter).await?))
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.created_at, id: row.id.0 }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        Delivery::from(row)
    }
}

fn filter(query: &mut Fields) -> Filter {
    let statuses = DeliveryStatus::ALL.map(|status| (status.as_str(), status));
    let events: Vec<_> = Event::ALL.iter().map(|event| (event.as_str(), *event)).collect();
    Filter {
        status: query.one_of("status", &statuses),
        event: query.one_of("event", &events).map(|event| event.as_str().to_owned()),
        from: first_moment(query, "from"),
        before: moment_after(query, "to"),
    }
}
