//! `POST /api/v1/webhook-endpoints/{id}/rotate-secret`

use super::Endpoint;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Id, MAX_TEXT, OptionalFields};
use crate::openapi::values::SigningSecret;
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use app::endpoints;
use axum::extract::State;
use domain::ids::EndpointId;
use utoipa::ToSchema;

/// A new secret.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request")]
pub(crate) struct PostRotateSecret {
    /// Made when absent.
    secret: Option<SigningSecret>,
}

/// Sign with a new secret
///
/// For 24 hours the old one signs beside it in `webhook-signature`; `X-Refgrow-Signature` is made with the new one at once.
/// The secret is shown in this answer and never again.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/rotate-secret",
    operation_id = "rotate_webhook_endpoint_secret",
    tag = "Notifications",
    request_body(content = Option<PostRotateSecret>),
    params(("id" = i64, Path, minimum = 1), Idempotent),
    responses(
        Changing,
        (status = 200, description = "As it stands now, with its secret", body = Data<Endpoint>),
    ),
)]
pub(crate) async fn rotate(
    State(state): State<AppState>,
    caller: Caller,
    Id(id): Id,
    OptionalFields(mut fields): OptionalFields,
) -> Result<Data<Endpoint>, ApiError> {
    let named = fields.string("secret", MAX_TEXT);
    let warnings = fields.finish()?;
    let (endpoint, secret) = endpoints::rotate_secret(
        &state.pool,
        &state.outgoing,
        caller.realm,
        EndpointId(id),
        named.as_deref(),
    )
    .await?;
    Ok(Data::warned(Endpoint::with_secret(endpoint, secret.expose()), warnings))
}
