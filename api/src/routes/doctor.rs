//! `GET /api/v1/doctor`: what is wrong, and what to do.

use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::openapi::Looking;
use crate::openapi::values::HealthWord;
use crate::state::AppState;
use app::doctor::{self, Finding, Health};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// What was looked at.
#[derive(Serialize, ToSchema)]
pub(crate) struct Examination {
    /// Whether nothing is to be mended.
    healthy: bool,
    checks: Vec<Check>,
}

/// One check.
#[derive(Serialize, ToSchema)]
struct Check {
    /// What was looked at.
    #[serde(rename = "check")]
    #[schema(example = "webhook secret")]
    of: &'static str,
    /// Whether it is of this project and mode, or of the whole deployment.
    of_project: bool,
    /// `ok`, `warning` (something is lost, or will be) or `failure` (nothing works before it is mended).
    #[schema(value_type = HealthWord)]
    health: Health,
    /// What was seen.
    says: String,
    /// What to do.
    mend: Option<String>,
}

/// What is wrong, and what to do
///
/// Looks at the deployment's schema, clocks and queue, and at this project and mode: its rules and webhook secrets, which events come and which
/// that matter do not, codes that nobody has, and what waits. What the Stripe key may read is asked by `tributary doctor` alone.
#[utoipa::path(
    get,
    path = "/doctor",
    operation_id = "get_doctor",
    tag = "Operation",
    responses(
        Looking,
        (status = 200, description = "What was seen", body = Data<Examination>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Data<Examination>, ApiError> {
    let mut connection = state.pool.acquire().await?;
    let of_project = doctor::of_one(&mut connection, caller.realm).await?;
    let (_, mut found) = doctor::of_deployment(&mut connection, state.clock.now()).await?;
    found.extend(of_project);
    Ok(Data::new(Examination {
        healthy: found.iter().all(|finding| finding.health == Health::Ok),
        checks: found.into_iter().map(Check::from).collect(),
    }))
}

impl From<Finding> for Check {
    fn from(Finding { check, of, health, says, mend }: Finding) -> Self {
        Self { of: check, of_project: of.is_some(), health, says, mend }
    }
}
