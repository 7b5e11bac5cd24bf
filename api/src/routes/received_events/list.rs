//! `GET /api/v1/received-events`

use super::ReceivedEvent;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{MAX_TEXT, Query, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CsvText, EventSourceWord, OutcomeWord, Text};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use store::events::{self, Event, Filter};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

const DEFAULT_LIMIT: i64 = 50;

/// Events in, those that were settled last first
///
/// What came from providers and from callers, and was settled: each once, however often it came. What still waits is on the queue,
/// and what nobody could settle is a dead letter.
#[utoipa::path(
    get,
    path = "/received-events",
    operation_id = "list_received_events",
    tag = "Events in",
    params(
        ("event_id" = Option<Text>, Query, description = "The one of this name"),
        ("type" = Option<Text>, Query, description = "Of this type"),
        ("source" = Option<EventSourceWord>, Query, description = "From there"),
        ("outcome" = Option<OutcomeWord>, Query, description = "With an effect, or without"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<ReceivedEvent> = "application/json"), (CsvText = "text/csv"))),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    shape: Shape,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let page = page(&mut query, DEFAULT_LIMIT);
    let filter = Filter {
        event: query.text("event_id", MAX_TEXT),
        kind: query.text("type", MAX_TEXT),
        source: query.source("source").map(|source| source.as_str().to_owned()),
        ignored: query.one_of("outcome", &[("settled", false), ("ignored", true)]),
    };
    query.finish()?;
    listing::answer(&state, caller, page, shape, ReceivedEvents(filter)).await
}

struct ReceivedEvents(Filter);

impl Table for ReceivedEvents {
    type Row = Event;
    type Shown = ReceivedEvent;

    const COLUMNS: &'static [&'static str] = ReceivedEvent::COLUMNS;
    const NAME: &'static str = "received-events";

    async fn page(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Event>, StoreError> {
        events::page(connection, realm, &self.0, page).await
    }

    async fn count(&self, connection: &mut PgConnection, realm: Realm) -> Result<Option<i64>, StoreError> {
        events::count(connection, realm, &self.0).await
    }

    fn position(row: &Event) -> Position {
        Position { at: row.settled_at, id: row.id }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        ReceivedEvent::from(row)
    }
}
