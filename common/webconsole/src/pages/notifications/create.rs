//! `POST /console/{project}/{mode}/notifications`

use super::secret;
use crate::{failure::Failure, form::Posted, page::Page, pages::keys::record, state::Console};
use app::endpoints::{self, Draft};
use axum::{extract::State, response::Response};

/// Makes an endpoint and shows its secret, this once.
pub(crate) async fn create(
    State(console): State<Console>,
    page: Page,
    posted: Posted,
) -> Result<Response, Failure> {
    let description = Some(posted.text("description").to_owned()).filter(|text| !text.is_empty());
    let draft = Draft {
        url: posted.text("url").to_owned(),
        description,
        events: posted
            .text("events")
            .split([' ', ','])
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        ordered: posted.text("ordered") == "yes",
        timeout_seconds: None,
        secret: None,
    };
    let (pool, outgoing) = (&console.parts.writes, &console.parts.outgoing);
    let (endpoint, made) = endpoints::create(pool, outgoing, page.realm, &draft).await?;
    record(&mut *pool.acquire().await?, &console, &page, "endpoint made", &endpoint.url).await?;
    Ok(page.show("Secret", &secret(&page, &endpoint, made.expose())))
}
