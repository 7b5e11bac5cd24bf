//! `GET /console/{project}/{mode}/payments/{id}/picture.svg`: the picture as a file.

use super::Explained;
use crate::{failure::Failure, page::Page, picture, state::Console};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

pub(crate) async fn file(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
) -> Result<Response, Failure> {
    let explained = Explained::find(&console, &page, id).await?;
    let name = format!("attachment; filename=\"payment-{}.svg\"", explained.payment.id);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    Ok((headers, picture::file(&explained.story())).into_response())
}
