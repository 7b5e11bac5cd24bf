//! `GET /api/v1/proof`: whether the ledger is what it promises to be, and its digest.

use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::openapi::Looking;
use crate::state::AppState;
use axum::extract::State;
use serde::Serialize;
use std::time::Duration;
use store::verification::Finding;
use utoipa::ToSchema;

/// A database that does not answer is not waited for as a whole ledger is.
const BEGINNING: Duration = Duration::from_secs(5);

/// What the ledger of the project is like, in both modes.
#[derive(Serialize, ToSchema)]
pub(crate) struct Proof {
    /// The SHA-256 of all that was earned, by whom and why: the same history has the same, in whatever order it came.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    digest: String,
    /// Whether every rule holds.
    sound: bool,
    rules: Vec<Rule>,
}

/// A rule of the ledger, checked against every row.
#[derive(Serialize, ToSchema)]
#[schema(as = LedgerRule)]
struct Rule {
    /// What should hold.
    #[serde(rename = "rule")]
    says: &'static str,
    /// How often it does not.
    violations: i64,
    /// Some of the places.
    examples: Vec<String>,
}

/// Check the ledger
///
/// Every rule of the ledger against every row of the project, in both modes, and the digest, of one moment. Nothing is written. It reads
/// all of the ledger: on a million conversions it takes seconds, and only one or two are done at a time.
#[utoipa::path(
    get,
    path = "/proof",
    operation_id = "get_proof",
    tag = "Proof",
    responses(
        Looking,
        (status = 200, description = "What was found", body = Data<Proof>),
    ),
)]
pub(crate) async fn get(State(state): State<AppState>, caller: Caller) -> Result<Data<Proof>, ApiError> {
    let _turn = state
        .simulations
        .try_acquire()
        .map_err(|_| ApiError::unavailable("Others read all of the ledger right now: send it again"))?;
    let project = caller.realm.project;
    let begun = tokio::time::timeout(BEGINNING, app::proof::begin(&state.pool, project)).await;
    let snapshot = begun.map_err(|_elapsed| ApiError::unavailable("This took too long: send it again"))??;
    let proof = app::proof::prove(snapshot, project).await?;
    Ok(Data::new(Proof {
        sound: proof.broken() == 0,
        digest: proof.digest,
        rules: proof.findings.into_iter().map(Rule::from).collect(),
    }))
}

impl From<Finding> for Rule {
    fn from(finding: Finding) -> Self {
        Self { says: finding.rule, violations: finding.violations, examples: finding.examples }
    }
}
