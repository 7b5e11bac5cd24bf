//! Pages for browsers that ask for anything of this service.

use crate::layout;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A small page that says what is wrong, for browsers that ask for anything of this service.
#[must_use]
pub fn problem(status: StatusCode, message: &str) -> Response {
    let heading = match status.as_u16() {
        404 => "Not found",
        405 => "Not this way",
        429 => "Too many requests",
        503 => "Not now",
        500.. => "An error",
        _ => "This cannot be done",
    };
    let mut response = (status, layout::plain(heading, &layout::message(heading, message))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    layout::protect(response.headers_mut());
    response
}

/// The page at the root of the service, for a browser: what there is.
#[must_use]
pub fn front(has_console: bool) -> Response {
    let content = maud::html! {
        h1 { "Tributary" }
        p { "Referral attribution: what each affiliate has earned, and why." }
        ul {
            li { a href="/docs" { "The REST API" } }
            @if has_console { li { a href=(crate::ROOT) { "The console" } } }
        }
    };
    let mut response = layout::plain("Referral attribution", &content).into_response();
    layout::protect(response.headers_mut());
    response
}
