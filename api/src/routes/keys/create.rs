//! `POST /api/v1/keys`

use super::object::NewKey;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::idempotency::KeepInstead;
use crate::input::{Fields, MAX_TEXT};
use crate::openapi::values::{ErrorFormWord, KeyRoleWord, Text};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use store::api_keys::{ErrorForm, KeyRole};
use store::keys;
use utoipa::ToSchema;

/// A key to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; create reads it")]
pub(crate) struct PostKey {
    /// The actor of what is done with it.
    name: Text,
    /// `full` when absent.
    role: Option<KeyRoleWord>,
    /// `object` when absent.
    errors: Option<ErrorFormWord>,
}

/// Make an API key
///
/// Of the same project and mode. Its secret is shown this once.
#[utoipa::path(
    post,
    path = "/keys",
    operation_id = "create_key",
    tag = "Keys",
    request_body = PostKey,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "With its secret", body = Data<NewKey>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let name = fields.text("name", MAX_TEXT);
    let name = fields.required("name", name).unwrap_or_default();
    let roles = KeyRole::ALL.map(|role| (role.as_str(), role));
    let role = fields.one_of("role", &roles).unwrap_or_default();
    let forms = ErrorForm::ALL.map(|form| (form.as_str(), form));
    let errors = fields.one_of("errors", &forms).unwrap_or_default();
    let warnings = fields.finish()?;
    let new = keys::NewKey { name: &name, role, errors };
    let (key, secret) = app::keys::create(&mut *state.pool.acquire().await?, caller.realm, new).await?;
    let shown = Data::warned(NewKey::new(key.clone(), Some(&secret)), warnings.clone());
    let mut response = json(StatusCode::CREATED, &shown);
    let kept =
        serde_json::to_vec(&Data::warned(NewKey::new(key, None), warnings)).map_err(ApiError::internal)?;
    response.extensions_mut().insert(KeepInstead(kept));
    Ok(response)
}
