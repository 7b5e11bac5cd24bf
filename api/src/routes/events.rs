//! `GET /api/v1/events`: the feed of notifications.

use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Query};
use crate::openapi::values::{Delta, Notes, SingleEventWord};
use crate::prefer;
use crate::promptly::promptly;
use crate::state::AppState;
use crate::{answer, openapi::Listing};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::notification::Event;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::{Duration, Instant};
use store::notifications::{self, Feed};
use utoipa::ToSchema;

const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 500;

/// The longest wait for a notification: `edge` gives this route so long and a little more.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A part of the feed.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventFeed {
    /// Always true.
    success: bool,
    /// In their sequence; each is to the byte what endpoints are sent.
    #[schema(value_type = Vec<Notification>)]
    data: Vec<Box<RawValue>>,
    /// Send it as `after` for what follows.
    next_after: i64,
    /// Whether something follows by now.
    has_more: bool,
}

/// What happened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; store::notifications writes it")]
struct Notification {
    #[schema(value_type = SingleEventWord)]
    event: String,
    /// Unix seconds.
    timestamp: i64,
    /// The project, as a text.
    #[schema(example = "1")]
    project_id: String,
    /// The affiliate; null when there is none.
    referrer: Option<Referrer>,
    /// The customer; null when there is none.
    referred: Option<Referred>,
    /// The whole object after the change: an affiliate, referral, conversion or payout as its own call gives it, a dead
    /// letter, or an endpoint.
    #[schema(value_type = Object)]
    data: (),
    /// Of `commission_…`: by how much the affiliate's payable balance changed, in `currency`.
    #[schema(value_type = Option<Delta>)]
    delta: Option<()>,
    /// Of `commission_…`: ISO 4217, lower case.
    #[schema(example = "usd")]
    currency: Option<String>,
    /// The same in every try and in the feed.
    #[schema(example = "ntf_4f6b3a1c2d5e4f60718293a4b5c6d7e8")]
    id: String,
    /// Without gaps in the project and mode, in the order of commits.
    sequence: i64,
    livemode: bool,
    cause: Cause,
}

/// The affiliate, in short.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body")]
struct Referrer {
    /// Its id, as a text.
    #[schema(example = "7")]
    id: String,
    email: String,
    /// Your own notes on how to pay.
    #[schema(value_type = Option<Notes>)]
    payout_preferences: Option<()>,
}

/// The customer, in short.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body")]
struct Referred {
    /// Its id, as a text.
    #[schema(example = "12")]
    id: String,
    email: Option<String>,
}

/// What brought it about.
#[derive(ToSchema)]
#[schema(as = NotificationCause)]
#[expect(dead_code, reason = "describes the body")]
struct Cause {
    /// The event: `evt_…`, or the name of a command.
    event: Option<String>,
    /// Who, when a person did.
    actor: Option<String>,
    /// Why, in that person's words; or what the service does on its own.
    reason: Option<String>,
}

/// Notifications, in their sequence
///
/// Everything that endpoints are sent can be pulled as well: begin with `after=0`, and go on with `next_after`. `Prefer: wait=30`
/// waits up to 30 s for the next one.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "list_events",
    tag = "Notifications",
    params(
        ("after" = Option<i64>, Query, minimum = 0, description = "Those behind this place in the sequence; 0 when absent"),
        ("types" = Option<String>, Query, description = "Names of events, separated by commas; all when absent"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 500, description = "The most of one answer; 100 when absent"),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to so many seconds, at most 30, for the next one", example = "wait=5"),
    ),
    responses(
        Listing,
        (status = 200, description = "What follows, as far as it has happened", body = EventFeed),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let after = query.integer("after", 0, i64::MAX).unwrap_or(0);
    let events = types(&mut query);
    let limit = query.integer("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    query.finish()?;
    let deadline = Instant::now() + prefer::wait_for(&headers, Duration::ZERO, LONGEST_WAIT);
    let mut seen = after;
    loop {
        // No connection is held while it waits.
        let feed = promptly(async {
            let mut connection = state.pool.acquire().await?;
            notifications::feed(&mut connection, caller.realm, seen, events.as_deref(), limit).await
        });
        let feed = feed.await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if !feed.notifications.is_empty() || left.is_zero() {
            return Ok(answer::json(StatusCode::OK, &EventFeed::of(&feed)?).into_response());
        }
        seen = feed.next_after;
        if !state.feeds.wait(caller.realm, seen, left).await {
            return Ok(answer::json(StatusCode::OK, &EventFeed::of(&feed)?).into_response());
        }
    }
}

impl EventFeed {
    fn of(feed: &Feed) -> Result<Self, ApiError> {
        let data =
            feed.notifications.iter().map(notifications::Notification::body).collect::<Result<_, _>>()?;
        Ok(Self { success: true, data, next_after: feed.next_after, has_more: feed.has_more })
    }
}

/// Names of events, separated by commas.
fn types(query: &mut Fields) -> Option<Vec<String>> {
    let text = query.text("types", 1_000)?;
    let names: Vec<String> =
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = names.iter().find(|name| Event::parse(name).is_none()) {
        query.problem("types", format!("types: there is no event {unknown:?}"));
    }
    (!names.is_empty()).then_some(names)
}
