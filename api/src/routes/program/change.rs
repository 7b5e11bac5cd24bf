//! `POST /api/v1/program/rules`

use super::object::RulesVersion;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Fields;
use crate::openapi::values::{RulesText, Time};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::ids::{Mode, Realm};
use store::keys;
use utoipa::ToSchema;

/// The next version of the rules.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; change reads it")]
pub(crate) struct PostRules {
    /// All of them: what is not said takes its default, and not what held before.
    rules: RulesText,
    /// Payments from this time on are judged by it; from now on when absent.
    from: Option<Time>,
}

/// Change the rules
///
/// Writes the next version, which holds from a time later than that of the latest one. What happened since then is judged again.
///
/// Rules are those of both modes: once the project has a key of live mode, they are changed with one of those.
#[utoipa::path(
    post,
    path = "/program/rules",
    operation_id = "change_rules",
    tag = "Program",
    request_body = PostRules,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "The new version", body = Data<RulesVersion>),
        (status = 200, description = "They are those of the latest version already", body = Data<RulesVersion>),
    ),
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let rules = fields.rules("rules");
    let rules = fields.required("rules", rules);
    let from = fields.time("from");
    let warnings = fields.finish()?;
    let rules = rules.ok_or_else(|| ApiError::internal("rules that are neither there nor missing"))?;
    let mut transaction = state.pool.begin().await?;
    let project = caller.realm.project;
    let live = Realm { project, mode: Mode::Live };
    if caller.realm.mode == Mode::Test && keys::is_used(&mut transaction, live).await? {
        let message = "Rules are those of live mode as well: change them with a key of live mode";
        return Err(ApiError::Forbidden(message.to_owned()));
    }
    let changed = app::rules::change(&mut transaction, state.outbox(), project, &rules, from).await?;
    let (status, version) = match changed {
        Some(added) => (StatusCode::CREATED, added),
        None => (StatusCode::OK, app::rules::latest(&mut transaction, project).await?),
    };
    transaction.commit().await?;
    Ok(json(status, &Data::warned(RulesVersion::from(&version), warnings)))
}
