//! `/docs`: the OpenAPI document as a page to read. It needs no script and no network but this service.

use crate::openapi::Document;
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use webconsole::reference;

/// Nothing but the page's own style: no script, no frame, no form.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DOCUMENT: &str = "/api/v1/openapi.json";

pub(super) fn router<S: Clone + Send + Sync + 'static>(document: &Document) -> Router<S> {
    let page: std::sync::Arc<str> = reference::page(document.as_value(), DOCUMENT).into();
    Router::new()
        .route("/docs", get(async move || answer("text/html; charset=utf-8", page.to_string())))
        .route(
            reference::STYLE_PATH,
            get(async || answer("text/css; charset=utf-8", reference::STYLE.to_owned())),
        )
}

fn answer(content_type: &'static str, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, text).into_response()
}
