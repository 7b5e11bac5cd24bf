//! `POST /api/v1/webhook-endpoints/{id}/redeliver`

use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, Id, Warnings, first_moment, moment_after};
use crate::openapi::values::DayOrTimeText;
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, EndpointId};
use serde::Serialize;
use store::deliveries::Selection;
use utoipa::ToSchema;

/// The most deliveries that are named at once.
const MOST: usize = 1_000;

/// Which deliveries: `ids`, or `from` and `to`, or `failed`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; selection reads it")]
pub(crate) struct PostRedeliver {
    /// Ids of deliveries.
    #[schema(max_items = 1000, min_items = 1)]
    ids: Option<Vec<i64>>,
    /// What was put on its way then or later.
    from: Option<DayOrTimeText>,
    /// And not after this.
    to: Option<DayOrTimeText>,
    /// True: everything that failed or is parked.
    failed: Option<bool>,
}

/// What is on its way again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Redelivery {
    /// How many deliveries.
    redelivered: u64,
    /// Whether there may be more: send the request once more.
    has_more: bool,
}

/// Send notifications again
///
/// In their order, each with the id that it had: a receiver that keeps ids drops what it has. What is on its way already is
/// left alone.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/redeliver",
    operation_id = "redeliver_webhooks",
    tag = "Notifications",
    request_body = PostRedeliver,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "How many are on their way", body = Data<Redelivery>),
        (status = 409, description = "Nothing is sent to the endpoint: enable it first; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn redeliver(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    fields: Fields,
) -> Result<Data<Redelivery>, ApiError> {
    let id = EndpointId(id);
    endpoints::find(&mut *state.pool.acquire().await?, caller.realm, id).await?;
    let (selection, warnings) = selection(fields)?;
    let done = endpoints::redeliver(&state.pool, caller.realm, id, &selection).await?;
    Ok(Data::warned(Redelivery { redelivered: done.redelivered, has_more: done.has_more }, warnings))
}

fn selection(mut fields: Fields) -> Result<(Selection, Warnings), ApiError> {
    let ids = fields.ids("ids", MOST);
    let (from, before) = (first_moment(&mut fields, "from"), moment_after(&mut fields, "to"));
    let failed = fields.boolean("failed");
    let selection = match (ids, from.or(before), failed) {
        (Some(ids), None, None | Some(false)) => Selection::Ids(ids.into_iter().map(DeliveryId).collect()),
        (None, Some(_), None | Some(false)) => Selection::Range {
            from: from.unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
            before: before.unwrap_or(LATEST),
        },
        (None, None, Some(true)) => Selection::Failed,
        (ids, span, _) => {
            let message = "Send one of ids, from and to, or failed: true";
            if ids.is_some() || span.is_some() || failed == Some(false) {
                fields.problem("failed", message);
            } else if !fields.holds_any(&["ids", "from", "to", "failed"]) {
                fields.missing("ids", message);
            }
            Selection::Ids(Vec::new())
        }
    };
    Ok((selection, fields.finish()?))
}

/// No notification is younger.
const LATEST: DateTime<Utc> = DateTime::<Utc>::MAX_UTC;
