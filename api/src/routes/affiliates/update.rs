//! `PUT /api/v1/affiliates/{email}`

use super::Affiliate;
use super::get::{known_form, shown};
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, MAX_REFERRAL_CODE, MAX_TEXT, Segment, Warnings};
use crate::openapi::values::{AffiliateStatusWord, CommissionText, Email, Notes, ReferralCode, Text};
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use store::affiliates::{self, AffiliateStatus};
use utoipa::ToSchema;

/// What may change. What is absent stays; null clears what need not be there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; apply reads it")]
pub(crate) struct PutAffiliate {
    /// A new address.
    email: Option<Email>,
    /// A new code; the old one keeps resolving.
    referral_code: Option<ReferralCode>,
    partner_slug: Option<Text>,
    /// `active` or `inactive`.
    status: Option<AffiliateStatusWord>,
    /// What it earns instead of the programme's commission: `20%` or `15.00usd`.
    commission: Option<CommissionText>,
    /// Your own notes on how to pay: an object or a text.
    payout_preferences: Option<Notes>,
}

/// Change an affiliate
///
/// What is absent stays as it is, null clears what need not be there, and an old code keeps resolving.
#[utoipa::path(
    put,
    path = "/affiliates/{email}",
    operation_id = "update_affiliate",
    tag = "Affiliates",
    request_body = PutAffiliate,
    params(
        ("email" = String, Path, description = "Percent-encoded, in any case"),
        Idempotent,
    ),
    responses(
        Changing,
        (status = 200, description = "As it stands now", body = Data<Affiliate>),
        (status = 409, description = "The e-mail address or the code is taken; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    Segment(email): Segment,
    fields: Fields,
) -> Result<Data<Affiliate>, ApiError> {
    let email = known_form(&email)?;
    let mut transaction = state.pool.begin().await?;
    let edit = |affiliate: &mut affiliates::Affiliate| apply(fields, affiliate);
    let (after, warnings) =
        app::affiliates::change(&mut transaction, state.outbox(), caller.realm, email, edit).await?;
    transaction.commit().await?;
    let shown = shown(&mut *state.pool.acquire().await?, after, state.clock.now()).await?;
    Ok(Data::warned(shown, warnings))
}

fn apply(mut fields: Fields, affiliate: &mut affiliates::Affiliate) -> Result<Warnings, ApiError> {
    let statuses = AffiliateStatus::ALL.map(|status| (status.as_str(), status));
    if let Some(email) = fields.email("email") {
        affiliate.user_email = email;
    }
    if let Some(code) = fields.code("referral_code", MAX_REFERRAL_CODE) {
        affiliate.referral_code = code;
    }
    affiliate.status = fields.one_of("status", &statuses).unwrap_or(affiliate.status);
    let (slug, commission) = (fields.text("partner_slug", MAX_TEXT), fields.commission("commission"));
    let preferences = fields.json("payout_preferences");
    affiliate.partner_slug = fields.or_standing("partner_slug", slug, affiliate.partner_slug.take());
    affiliate.commission = fields.or_standing("commission", commission, affiliate.commission);
    affiliate.payout_preferences =
        fields.or_standing("payout_preferences", preferences, affiliate.payout_preferences.take());
    fields.finish()
}
