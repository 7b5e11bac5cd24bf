//! `POST /api/v1/referrals`

mod request;

use super::Referral;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::completion;
use crate::error::{ApiError, ErrorBody};
use crate::input::Fields;
use crate::openapi::{Creating, Idempotent, Patience};
use crate::state::AppState;
use app::completion::Completion;
use app::referrals;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use request::PostReferral;

/// Register a referral
///
/// It is stored at once and settled by a worker, usually within milliseconds. The answer waits for that for a second,
/// or as long as `Prefer: wait=N` says. What is said again is the same referral; an id or an affiliate that is new is
/// added to it. The first affiliate keeps it.
#[utoipa::path(
    post,
    path = "/referrals",
    operation_id = "create_referral",
    tag = "Referrals",
    request_body = PostReferral,
    params(
        Patience,
        Idempotent,
    ),
    responses(
        Creating,
        (status = 201, description = "Registered", body = Data<Referral>),
        (status = 202, description = "Stored, not settled yet", body = Data<Referral>),
        (status = 200, description = "Nothing of it was new", body = Data<Referral>),
        (status = 409, description = "It is bound to another affiliate; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (posted, warnings) = request::read(fields)?;
    let mut transaction = state.pool.begin().await?;
    let registered = referrals::register(&mut transaction, state.outbox(), caller.realm, posted).await?;
    transaction.commit().await?;
    let settled = completion::wait(&state, caller.realm, &headers, registered.event).await;
    let posted = &registered.referral;
    let found = referrals::find(&mut *state.pool.acquire().await?, caller.realm, posted).await?;
    let (settled, referral) = match (settled, found, registered.customer) {
        (Completion::Settled, Some(customer), _) => (true, customer.into()),
        (_, _, Some(customer)) => (false, customer.into()),
        (_, _, None) => (false, Referral::unsettled(posted.who(), registered.affiliate, state.clock.now())),
    };
    let status = match (registered.is_new, settled) {
        (_, false) => StatusCode::ACCEPTED,
        (true, true) => StatusCode::CREATED,
        (false, true) => StatusCode::OK,
    };
    let location = format!("/api/v1/referrals/{}", utf8_percent_encode(&posted.email, NON_ALPHANUMERIC));
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(referral, warnings))).into_response())
}
