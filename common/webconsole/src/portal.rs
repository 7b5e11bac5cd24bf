//! An affiliate's own page, for whoever has its link. Nothing of other affiliates, and no customer by name.

mod enter;
mod show;

use crate::{layout, state::Console};
use axum::{Router, middleware::map_response, response::Response, routing};

/// Below this path.
pub(crate) const ROOT: &str = "/portal";

/// The page and the way to it.
pub(crate) fn router(console: Console) -> Router {
    Router::new()
        .route("/portal", routing::get(show::show))
        .route("/portal/enter", routing::get(enter::ask).post(enter::enter))
        .layer(map_response(protected))
        .with_state(console)
}

async fn protected(mut response: Response) -> Response {
    layout::protect(response.headers_mut());
    response
}
