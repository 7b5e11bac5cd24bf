//! `GET /api/v1/projects/{projectId}/stripe-customer-referral-info/{stripeCustomerId}`

use super::object::ReferralInfo;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::parse_id;
use crate::openapi::ReadingProject;
use crate::state::AppState;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use domain::ids::ProjectId;
use domain::key::Key;
use std::time::Duration;
use store::conversions;

/// How long the database may take, a little less than a request: one that is silent is better answered with 503 than with silence.
const LIMIT: Duration = Duration::from_secs(4);

/// Whom a Stripe customer was referred by, and what that has earned
///
/// Whether a Stripe customer was referred, by whom, how that is known, and what it has earned. It never waits for the queue.
#[utoipa::path(
    get,
    path = "/projects/{projectId}/stripe-customer-referral-info/{stripeCustomerId}",
    operation_id = "get_stripe_customer_referral_info",
    tag = "Referrals",
    params(
        ("projectId" = i64, Path, minimum = 1),
        ("stripeCustomerId" = String, Path, example = "cus_NffrFeUfNV2Hib"),
    ),
    responses(
        ReadingProject,
        (status = 200, description = "As it stands", body = Data<ReferralInfo>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Data<ReferralInfo>, ApiError> {
    let Path((project, customer)) = path.map_err(|error| ApiError::field("path", error.body_text()))?;
    caller.must_own(ProjectId(parse_id("projectId", &project)?))?;
    let unknown = || ApiError::NotFound(format!("There is no Stripe customer {customer}"));
    if customer.contains('\0') {
        return Err(unknown());
    }
    let key = Key::written_customer(&customer);
    let looked_up = state
        .pools
        .customers
        .run(LIMIT, async |connection| conversions::customer_story(connection, caller.realm, &key).await);
    let story = looked_up.await?.ok_or_else(unknown)?;
    Ok(Data::new(ReferralInfo::new(caller.realm.project, customer, story)))
}
