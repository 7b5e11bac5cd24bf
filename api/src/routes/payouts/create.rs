//! `POST /api/v1/payouts`

use super::Batch;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::IdempotencyKey;
use crate::input::{Fields, Warnings};
use crate::openapi::values::{Amount, CurrencyCode};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use app::payouts::{NewPayouts, Wanted};
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::day::Day;
use domain::ids::AffiliateId;
use domain::money::{Currency, Money};
use store::overview;
use utoipa::ToSchema;
use uuid::Uuid;

/// The most affiliates that are named at once.
const MOST_AFFILIATES: usize = 1_000;

/// What is to be paid. Everything that is due when nothing is said.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; Posted reads it")]
pub(crate) struct PostPayouts {
    /// What was released up to the end of this day, UTC; up to now when absent.
    #[schema(format = Date, example = "2026-06-30", max_length = 10)]
    as_of: Option<String>,
    /// Less than this is carried over to the next payout. In `currency`.
    minimum: Option<Amount>,
    /// Only what is due in this currency; all of them when absent.
    currency: Option<CurrencyCode>,
    /// Only these affiliates, by number; all of them when absent.
    #[schema(max_items = 1000, example = json!([7]))]
    affiliates: Option<Vec<i64>>,
}

/// Make payouts
///
/// What is due of each affiliate and currency becomes one payout: released, not held, not paid. What was taken back after an
/// earlier payout is netted; a balance that stays negative, or below the minimum, is carried over. Rows and amounts are
/// frozen.
///
/// The `Idempotency-Key` is the name of the batch, and is remembered for good: the same key with the same body answers with what it
/// made, and pays nothing twice.
#[utoipa::path(
    post,
    path = "/payouts",
    operation_id = "create_payouts",
    tag = "Payouts",
    request_body = PostPayouts,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "As they were made", body = Data<Batch>),
        (status = 200, description = "They were made before with this key", body = Data<Batch>),
        (status = 409, description = "The key made something else; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    key: Option<Extension<IdempotencyKey>>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (posted, warnings) = Posted::read(fields)?;
    let actor = app::keys::actor(&mut *state.pool.acquire().await?, caller.key).await?;
    // Whoever names nothing makes a batch of its own each time.
    let key = key.map_or_else(|| format!("unnamed-{}", Uuid::now_v7()), |Extension(IdempotencyKey(key))| key);
    let minimums: Vec<Money> = posted.minimum.into_iter().collect();
    let wanted = Wanted {
        as_of: posted.as_of,
        minimums: &minimums,
        currency: posted.currency,
        affiliates: &posted.affiliates,
    };
    let new = NewPayouts { key: &key, wanted, actor: &actor };
    let created = app::payouts::create(&state.pool, caller.realm, new, state.clock.now()).await?;
    let names = overview::affiliates(&mut *state.pool.acquire().await?, caller.realm).await?;
    let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/api/v1/payout-batches/{}", created.batch);
    let batch = Batch::new(created.batch, created.as_of, created.payouts, created.carried_over, &names);
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(batch, warnings))).into_response())
}

struct Posted {
    as_of: Option<Day>,
    minimum: Option<Money>,
    currency: Option<Currency>,
    affiliates: Vec<AffiliateId>,
}

impl Posted {
    fn read(mut fields: Fields) -> Result<(Self, Warnings), ApiError> {
        let currency = fields.currency("currency");
        let minimum = fields.amount("minimum", currency.unwrap_or(Currency::USD));
        if minimum.is_some() && currency.is_none() && fields.is_fine() {
            fields.problem("minimum", "minimum needs a currency, which it is in");
        }
        let posted = Self {
            as_of: fields.day("as_of"),
            minimum,
            currency,
            affiliates: fields
                .ids("affiliates", MOST_AFFILIATES)
                .unwrap_or_default()
                .into_iter()
                .map(AffiliateId)
                .collect(),
        };
        Ok((posted, fields.finish()?))
    }
}
