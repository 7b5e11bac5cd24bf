//! `POST /api/v1/affiliates/{email}/portal-link`

use crate::answer::{Data, json, timestamp};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::idempotency::KeepInstead;
use crate::input::{OptionalFields, Segment};
use crate::openapi::{Changing, Idempotent};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// A link to an affiliate's own page.
#[derive(Serialize, ToSchema)]
pub(crate) struct PortalLink {
    /// Where the affiliate is sent. It opens the page once; null when the request is sent again with its `Idempotency-Key`.
    #[schema(example = "https://referrals.example.com/portal/enter?pass=0f3c…")]
    url: Option<String>,
    /// A quarter of an hour from now.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Let an affiliate see its own page
///
/// What it earned, what is pending until when, what was paid. The page is the console's: it is there where `CONSOLE=on`. Send the
/// affiliate there at once, and make a link each time: it is good for a quarter of an hour and for one visit.
#[utoipa::path(
    post,
    path = "/affiliates/{email}/portal-link",
    operation_id = "create_portal_link",
    tag = "Affiliates",
    params(("email" = String, Path, description = "Percent-encoded, in any case"), Idempotent),
    responses(
        Changing,
        (status = 201, description = "The link", body = Data<PortalLink>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Segment(email): Segment,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let warnings = fields.finish()?;
    let mut transaction = state.pool.begin().await?;
    let link = app::portal::link(&mut transaction, caller.realm, &email, state.clock.now()).await?;
    transaction.commit().await?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let expires_at = timestamp(link.expires_at);
    let url = Some(webconsole::portal_url(host, link.pass.expose()));
    let shown = Data::warned(PortalLink { url, expires_at: expires_at.clone() }, warnings.clone());
    let mut response = json(StatusCode::CREATED, &shown);
    let kept = serde_json::to_vec(&Data::warned(PortalLink { url: None, expires_at }, warnings));
    response.extensions_mut().insert(KeepInstead(kept.map_err(ApiError::internal)?));
    Ok(response)
}
