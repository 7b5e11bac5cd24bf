//! `GET /api/v1/dead-letters`

use super::DeadLetter;
use crate::answer::List;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{MAX_TEXT, Query, moment_after, page};
use crate::listing::{self, Shape, Table};
use crate::openapi::values::{CsvText, DayOrTime, EventSourceWord, Text};
use crate::openapi::{Listing, Paging};
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use queue::Prefix;
use queue::dead_letters::{self, Filter, Window};
use store::page::{Page, Position, Rows};
use store::{PgConnection, StoreError};

const DEFAULT_LIMIT: i64 = 50;

/// Dead letters, newest first
///
/// Those that are open: neither retried nor given up.
#[utoipa::path(
    get,
    path = "/dead-letters",
    operation_id = "list_dead_letters",
    tag = "Dead letters",
    params(
        ("reason" = Option<Text>, Query, description = "A part of the reason, in any case"),
        ("source" = Option<EventSourceWord>, Query, description = "Of messages that came from there"),
        ("to" = Option<DayOrTime>, Query, description = "Given up on this date, at this time, or before: those that are old"),
        Paging,
    ),
    responses(
        Listing,
        (status = 200, description = "A page of the list, or all of it as CSV", content((List<DeadLetter> = "application/json"), (CsvText = "text/csv"))),
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
        project: Some(caller.realm.project),
        mode: Some(caller.realm.mode),
        reason: query.text("reason", MAX_TEXT),
        source: query.source("source").map(|source| source.as_str().to_owned()),
        died_before: moment_after(&mut query, "to"),
        before: None,
    };
    query.finish()?;
    let letters = DeadLetters { queue: state.publisher.prefix().clone(), filter };
    listing::answer(&state, caller, page, shape, letters).await
}

struct DeadLetters {
    queue: Prefix,
    /// Of the caller's project and mode.
    filter: Filter,
}

impl Table for DeadLetters {
    type Row = dead_letters::DeadLetter;
    type Shown = DeadLetter;

    const COLUMNS: &'static [&'static str] = DeadLetter::COLUMNS;
    const NAME: &'static str = "dead-letters";

    async fn page(
        &self,
        connection: &mut PgConnection,
        _: Realm,
        page: &Page,
        _: DateTime<Utc>,
    ) -> Result<Rows<Self::Row>, StoreError> {
        let window = Window {
            after: page.after.map(|after| (after.at, after.id)),
            limit: page.limit.saturating_add(1),
            offset: page.offset,
        };
        let rows = dead_letters::page(connection, &self.queue, &self.filter, window).await?;
        Ok(Rows::cut(rows, page))
    }

    async fn count(&self, connection: &mut PgConnection, _: Realm) -> Result<Option<i64>, StoreError> {
        Ok(Some(dead_letters::count(connection, &self.queue, &self.filter).await?))
    }

    fn position(row: &Self::Row) -> Position {
        Position { at: row.died_at, id: row.id }
    }

    fn show(&self, _: Realm, row: Self::Row) -> Self::Shown {
        DeadLetter::from(row)
    }
}
