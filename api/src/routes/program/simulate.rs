//! `POST /api/v1/program/simulate`

use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Fields;
use crate::openapi::values::RulesText;
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use app::rules::{Simulated, Sum, Total};
use axum::extract::State;
use domain::money::Money;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How long it may take to get to the database.
const BEGINNING: Duration = Duration::from_secs(4);

/// Rules to be tried.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; simulate reads it")]
pub(crate) struct PostSimulation {
    /// All of them, as in `POST /program/rules`.
    rules: RulesText,
}

/// What rules would have made of history.
#[derive(Serialize, ToSchema)]
pub(crate) struct Simulation {
    affiliates: Vec<SimulatedAffiliate>,
    /// All affiliates together, one for each currency.
    totals: Vec<SimulatedTotal>,
}

/// What an affiliate earned in one currency, net of what was taken back, and would have earned.
#[derive(Serialize, ToSchema)]
struct SimulatedAffiliate {
    affiliate_id: i64,
    affiliate_email: String,
    #[schema(example = "usd")]
    currency: String,
    #[schema(example = "120.00")]
    earned: String,
    #[schema(example = "150.00")]
    would_have_earned: String,
    #[schema(example = "30.00")]
    difference: String,
}

/// The same of all affiliates.
#[derive(Serialize, ToSchema)]
struct SimulatedTotal {
    #[schema(example = "usd")]
    currency: String,
    earned: String,
    would_have_earned: String,
    difference: String,
}

/// Try rules on history
///
/// What each affiliate would have earned in this mode, had these rules held from the beginning. Nothing is written.
#[utoipa::path(
    post,
    path = "/program/simulate",
    operation_id = "simulate_rules",
    tag = "Program",
    request_body = PostSimulation,
    params(Idempotent),
    responses(
        Creating,
        (status = 200, description = "What they would have made of it", body = Data<Simulation>),
    ),
)]
pub(crate) async fn simulate(
    State(state): State<AppState>,
    caller: Caller,
    mut fields: Fields,
) -> Result<Data<Simulation>, ApiError> {
    let rules = fields.rules("rules");
    let rules = fields.required("rules", rules);
    let warnings = fields.finish()?;
    let rules = rules.ok_or_else(|| ApiError::internal("rules that are neither there nor missing"))?;
    let _turn = state
        .simulations
        .try_acquire()
        .map_err(|_| ApiError::unavailable("Other rules are being tried right now: send it again"))?;
    // A database that does not answer is not waited for as history is.
    let begun = tokio::time::timeout(BEGINNING, begin(&state, caller)).await;
    let mut snapshot =
        begun.map_err(|_elapsed| ApiError::unavailable("This took too long: send it again"))??;
    let simulated = app::rules::simulate(&mut snapshot, caller.realm, &rules, |_, _| ()).await?;
    Ok(Data::warned(Simulation::new(simulated)?, warnings))
}

async fn begin(state: &AppState, caller: Caller) -> Result<store::Transaction, ApiError> {
    let mut snapshot = store::snapshot(&state.pool).await?;
    app::projects::find(&mut snapshot, caller.realm.project).await?;
    Ok(snapshot)
}

impl Simulation {
    fn new(simulated: Simulated) -> Result<Self, ApiError> {
        let totals = simulated.totals()?.into_iter().map(SimulatedTotal::from).collect();
        Ok(Self {
            affiliates: simulated.affiliates.into_iter().map(SimulatedAffiliate::from).collect(),
            totals,
        })
    }
}

impl From<Sum> for SimulatedAffiliate {
    fn from(sum: Sum) -> Self {
        let amount = |minor| Money { minor, currency: sum.currency }.to_decimal();
        Self {
            affiliate_id: sum.affiliate.0,
            currency: sum.currency.to_string(),
            earned: amount(sum.earned),
            would_have_earned: amount(sum.would_have_earned),
            difference: amount(sum.difference()),
            affiliate_email: sum.email,
        }
    }
}

impl From<Total> for SimulatedTotal {
    fn from(total: Total) -> Self {
        let amount = |minor| Money { minor, currency: total.currency }.to_decimal();
        Self {
            currency: total.currency.to_string(),
            earned: amount(total.earned),
            would_have_earned: amount(total.would_have_earned),
            difference: amount(total.difference()),
        }
    }
}
