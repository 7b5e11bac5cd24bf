//! `GET /api/v1/program`

use super::object::Program;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Query;
use crate::openapi::Reading;
use crate::openapi::values::Time;
use crate::state::AppState;
use axum::extract::State;
use store::program_rules;

/// The programme
///
/// The rules in force, now or at another time, and all versions there are.
#[utoipa::path(
    get,
    path = "/program",
    operation_id = "get_program",
    tag = "Program",
    params(("at" = Option<Time>, Query, description = "The rules in force at another time than now")),
    responses(
        Reading,
        (status = 200, description = "As it stands", body = Data<Program>),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Query(mut query): Query,
) -> Result<Data<Program>, ApiError> {
    let at = query.time("at").unwrap_or_else(|| state.clock.now());
    query.finish()?;
    let mut connection = state.pool.acquire().await?;
    let project = app::projects::find(&mut connection, caller.realm.project).await?;
    let versions = program_rules::list(&mut connection, project.id).await?;
    let none = || ApiError::NotFound("This project has no rules at that time".to_owned());
    let in_force = app::rules::in_force(&versions, at).ok_or_else(none)?;
    Ok(Data::new(Program::new(project, in_force, &versions)))
}
