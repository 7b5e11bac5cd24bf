//! `POST /api/v1/payouts/{id}/mark-paid`

use super::Payout;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Fields, Id, MAX_TEXT, Warnings};
use crate::openapi::values::Text;
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use app::payouts::{Paid, Which};
use axum::extract::State;
use domain::day::Day;
use domain::ids::PayoutId;
use utoipa::ToSchema;

/// How it was paid.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; mark_paid reads it")]
pub(crate) struct PostPayment {
    /// The bank's or provider's name for the payment.
    reference: Text,
    /// The day on which the money left, UTC; today when absent.
    #[schema(format = Date, example = "2026-07-01", max_length = 10)]
    paid_at: Option<String>,
}

/// The same, read.
pub(crate) struct Payment {
    reference: String,
    on: Option<Day>,
}

impl Payment {
    pub(crate) fn read(mut fields: Fields) -> Result<(Self, Warnings), ApiError> {
        let reference = fields.text("reference", MAX_TEXT);
        let reference = fields.required("reference", reference).unwrap_or_default();
        let on = fields.day("paid_at");
        Ok((Self { reference, on }, fields.finish()?))
    }

    pub(crate) fn paid_by<'a>(&'a self, actor: &'a str) -> Paid<'a> {
        Paid { reference: &self.reference, on: self.on, actor }
    }
}

/// Record that a payout's money left
///
/// It is paid as it was frozen. Said again with the same reference it changes nothing.
#[utoipa::path(
    post,
    path = "/payouts/{id}/mark-paid",
    operation_id = "mark_payout_paid",
    tag = "Payouts",
    request_body = PostPayment,
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now", body = Data<Payout>),
        (status = 409, description = "It is canceled, or paid under another reference; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn mark_paid(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    fields: Fields,
) -> Result<Data<Payout>, ApiError> {
    let (payment, warnings) = Payment::read(fields)?;
    let (id, actor) = {
        let mut connection = state.pool.acquire().await?;
        let payout = app::payouts::find(&mut connection, caller.realm, PayoutId(id)).await?;
        (payout.id, app::keys::actor(&mut connection, caller.key).await?)
    };
    let paid = payment.paid_by(&actor);
    let payouts =
        app::payouts::mark_paid(&state.pool, Which::Payouts(&[id]), paid, state.clock.now()).await?;
    let payout = payouts.into_iter().next().ok_or_else(|| ApiError::internal("a payout that is gone"))?;
    Ok(Data::warned(payout.into(), warnings))
}
