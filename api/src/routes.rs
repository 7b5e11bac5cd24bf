//! The routes. One endpoint a file.

mod acts;
mod affiliates;
mod attribution;
mod clicks;
mod conversions;
mod coupons;
mod dead_letters;
mod decisions;
mod docs;
mod doctor;
mod endpoints;
mod events;
mod explanations;
mod front;
mod keys;
pub(crate) mod links;
mod payout_batches;
mod payouts;
mod probes;
mod program;
mod proof;
mod queues;
mod received_events;
mod referrals;
mod statements;
mod statistics;
mod stripe_customers;

use crate::auth::Caller;
use crate::edge::Routes;
use crate::error::{ApiError, Fault};
use crate::idempotency;
use crate::input::MAX_BODY;
use crate::openapi::{Base, Document};
use crate::roles;
use crate::state::AppState;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const ROOT: &str = "/api/v1";

/// What stands outside of the guard, for the document.
#[derive(OpenApi)]
#[openapi(paths(crate::webhook::receive, links::follow))]
struct Unguarded;

/// Everything but the webhooks.
pub(crate) fn routes(state: &AppState) -> Routes {
    Routes { reads: router(state), writes: router(&state.for_writes()) }
}

fn router(state: &AppState) -> Router {
    let (api, document) = api();
    let document = Document::of(&document);
    let docs = docs::router(&document);
    let document = document.to_json().unwrap_or_default();
    let guarded = api.route_layer(from_fn(tell_mode)).route_layer(from_fn_with_state(state.clone(), guard));
    // After the guard, so that it does not stand before it: no key makes a wrong method right, and an
    // `Idempotency-Key` is not used up by it.
    let guarded = guarded.method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED);
    Router::new()
        .merge(guarded)
        .route("/api/v1/openapi.json", routing::get(async move || serve_document(document.clone())))
        .route("/", routing::any(front::show))
        .route("/r/{code}", routing::get(links::follow))
        .merge(probes::router())
        .merge(docs)
        .route_layer(from_fn(tell_route))
        .with_state(state.clone())
}

/// The document as it is served.
#[must_use]
pub fn open_api() -> Document {
    Document::of(&api().1)
}

fn api() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let api = OpenApiRouter::new()
        .routes(routes!(affiliates::list::list, affiliates::create::create))
        .routes(routes!(affiliates::get::get, affiliates::update::update, affiliates::delete::delete))
        .routes(routes!(affiliates::portal_link::create))
        .routes(routes!(conversions::list::list, conversions::create::create))
        .routes(routes!(conversions::get::get, conversions::update::update, conversions::delete::delete))
        .routes(routes!(coupons::list::list, coupons::create::create))
        .routes(routes!(coupons::get::get, coupons::update::update, coupons::delete::delete))
        .routes(routes!(endpoints::list::list, endpoints::create::create))
        .routes(routes!(endpoints::get::get, endpoints::update::update, endpoints::delete::delete))
        .routes(routes!(endpoints::rotate_secret::rotate))
        .routes(routes!(endpoints::test::test))
        .routes(routes!(endpoints::enable::enable))
        .routes(routes!(endpoints::deliveries::list))
        .routes(routes!(endpoints::redeliver::redeliver))
        .routes(routes!(events::list))
        .routes(routes!(explanations::of_conversion::get))
        .routes(routes!(explanations::of_payment::get))
        .routes(routes!(clicks::create::create))
        .routes(routes!(referrals::list::list, referrals::create::create))
        .routes(routes!(referrals::get::get))
        .routes(routes!(acts::list))
        .routes(routes!(decisions::list::list))
        .routes(routes!(decisions::hold::hold))
        .routes(routes!(decisions::release::release))
        .routes(routes!(decisions::reject::reject))
        .routes(routes!(decisions::lock::lock))
        .routes(routes!(decisions::unlock::unlock))
        .routes(routes!(payouts::list::list, payouts::create::create))
        .routes(routes!(payouts::due::due))
        .routes(routes!(payouts::get::get))
        .routes(routes!(payouts::mark_paid::mark_paid))
        .routes(routes!(payouts::cancel::cancel))
        .routes(routes!(payout_batches::get::get))
        .routes(routes!(payout_batches::export::export))
        .routes(routes!(payout_batches::mark_paid::mark_paid))
        .routes(routes!(statements::get::get))
        .routes(routes!(program::get::get))
        .routes(routes!(program::change::change))
        .routes(routes!(program::simulate::simulate))
        .routes(routes!(received_events::list::list))
        .routes(routes!(received_events::get::get))
        .routes(routes!(queues::get))
        .routes(routes!(doctor::get))
        .routes(routes!(proof::get))
        .routes(routes!(dead_letters::list::list))
        .routes(routes!(dead_letters::get::get))
        .routes(routes!(dead_letters::retry::retry))
        .routes(routes!(dead_letters::discard::discard))
        .routes(routes!(keys::list::list, keys::create::create))
        .routes(routes!(keys::revoke::revoke))
        .routes(routes!(statistics::get::get))
        .routes(routes!(stripe_customers::get::get));
    OpenApiRouter::with_openapi(Base::openapi().merge_from(Unguarded::openapi()))
        .nest(ROOT, api)
        .split_for_parts()
}

/// In front of every endpoint: the key and its limit, then [`admit`].
async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let caller: Caller = state.keys.authenticate(request.headers()).await?;
    let allowance = match state.limits.key(caller.key) {
        None => None,
        Some(Ok(left)) => Some(left),
        Some(Err(refused)) => return Err(ApiError::RateLimited(refused)),
    };
    // An error is an answer too: the allowance goes with it.
    let mut response = admit(&state, caller, request, next).await.unwrap_or_else(IntoResponse::into_response);
    response.extensions_mut().insert(caller.errors);
    if let Some(allowance) = allowance {
        response.extensions_mut().insert(allowance);
    }
    Ok(response)
}

/// Lets a caller's request in: its role, the whole body, a place, `Idempotency-Key`.
async fn admit(state: &AppState, caller: Caller, request: Request, next: Next) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    roles::check(caller.role, &parts.method, parts.extensions.get::<MatchedPath>())?;
    let body = if parts.method.is_safe() {
        None
    } else {
        Some(state.bodies.read(&parts.headers, body, MAX_BODY).await?)
    };
    // Both count until the request is answered.
    let (bytes, _kept) = body.map(|body| (body.bytes, body.kept)).unzip();
    let _place = state.places.for_request()?;
    let mut request = Request::from_parts(parts, Body::from(bytes.unwrap_or_default()));
    request.extensions_mut().insert(caller);
    idempotency::run(state, caller, request, next).await
}

/// Says in which mode something was looked for and not found.
async fn tell_mode(caller: Caller, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let told = response.extensions().get::<Fault>().and_then(|Fault(error)| error.in_mode(caller.realm.mode));
    if let Some(error) = told {
        response.extensions_mut().insert(Fault(Arc::new(error)));
    }
    response
}

/// Lets the edge know which route answered.
async fn tell_route(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(path);
    }
    response
}

fn serve_document(document: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}
