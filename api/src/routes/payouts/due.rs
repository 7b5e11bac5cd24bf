//! `GET /api/v1/payouts/due`

use super::object::{CarriedOver, carried_over};
use crate::answer::{Data, timestamp};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Query;
use crate::openapi::Listing;
use crate::openapi::values::{AmountText, CurrencyCode, DayText, Email};
use crate::state::AppState;
use app::payouts::Wanted;
use axum::extract::State;
use domain::ids::AffiliateId;
use domain::money::{Currency, Money};
use domain::payout::Planned;
use serde::Serialize;
use std::collections::BTreeMap;
use store::overview;
use utoipa::ToSchema;

/// What payouts would be made of now.
#[derive(Serialize, ToSchema)]
pub(crate) struct DuePayouts {
    /// What was released before this time is in it.
    #[schema(format = DateTime)]
    as_of: String,
    /// One for each affiliate and currency.
    payouts: Vec<DuePayout>,
    carried_over: Vec<CarriedOver>,
}

/// What would be paid to one affiliate in one currency.
#[derive(Serialize, ToSchema)]
struct DuePayout {
    affiliate_id: i64,
    affiliate_email: String,
    /// ISO 4217, lower case.
    #[schema(example = "usd")]
    currency: String,
    #[schema(example = "50.00")]
    amount: String,
    /// How many conversions it would be for.
    conversions: usize,
}

/// What is due
///
/// What `POST /payouts` would make now and what it would carry over, with the same options. Nothing is frozen.
#[utoipa::path(
    get,
    path = "/payouts/due",
    operation_id = "get_due_payouts",
    tag = "Payouts",
    params(
        ("as_of" = Option<DayText>, Query, description = "What was released up to the end of this day, UTC; up to now when absent"),
        ("minimum" = Option<AmountText>, Query, description = "Less than this is carried over; in `currency`"),
        ("currency" = Option<CurrencyCode>, Query, description = "Only what is due in this currency"),
        ("affiliate" = Option<Email>, Query, description = "Only this affiliate"),
    ),
    responses(
        Listing,
        (status = 200, description = "As it is now", body = Data<DuePayouts>),
    ),
)]
pub(crate) async fn due(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<Data<DuePayouts>, ApiError> {
    let as_of = query.day("as_of");
    let currency = query.currency("currency");
    let minimum = query.amount("minimum", currency.unwrap_or(Currency::USD));
    if minimum.is_some() && currency.is_none() && query.is_fine() {
        query.problem("minimum", "minimum needs a currency, which it is in");
    }
    let affiliate = query.email("affiliate");
    query.finish()?;
    let mut affiliates: Vec<AffiliateId> = Vec::new();
    if let Some(name) = affiliate {
        let mut connection = state.pool.acquire().await?;
        affiliates.push(app::payouts::affiliate(&mut connection, caller.realm, &name).await?.0);
    }
    let minimums: Vec<Money> = minimum.into_iter().collect();
    let wanted = Wanted { as_of, minimums: &minimums, currency, affiliates: &affiliates };
    let planned = app::payouts::preview(&state.pool, caller.realm, wanted, state.clock.now()).await?;
    let names = overview::affiliates(&mut *state.pool.acquire().await?, caller.realm).await?;
    Ok(Data::new(DuePayouts {
        as_of: timestamp(planned.as_of),
        payouts: planned.plan.payouts.iter().map(|payout| DuePayout::new(payout, &names)).collect(),
        carried_over: carried_over(planned.plan.carried_over, &names),
    }))
}

impl DuePayout {
    fn new(payout: &Planned, names: &BTreeMap<AffiliateId, String>) -> Self {
        Self {
            affiliate_id: payout.affiliate.0,
            affiliate_email: names.get(&payout.affiliate).cloned().unwrap_or_default(),
            currency: payout.amount.currency.to_string(),
            amount: payout.amount.to_decimal(),
            conversions: payout.items.len(),
        }
    }
}
