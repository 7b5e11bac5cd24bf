//! `/`: for a browser what there is; for a program there is nothing.

use crate::console;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

pub(super) async fn show(State(state): State<AppState>, request: Request) -> Response {
    if console::is_of_a_browser(&request) {
        webconsole::front(state.console.is_some())
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}
