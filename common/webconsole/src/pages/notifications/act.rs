//! `POST /console/{project}/{mode}/notifications/{id}`

use super::secret;
use crate::{
    elements::done, failure::Failure, form::Posted, page::Page, pages::keys::record, state::Console,
};
use app::endpoints::{self, Tested};
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::{ids::EndpointId, notification::Event};
use maud::{Markup, html};
use store::{
    deliveries::Selection,
    webhook_endpoints::{Change, EndpointStatus},
};

/// Tests, pauses, enables, deletes an endpoint, sends to it again, or gives it another secret.
pub(crate) async fn act(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let (pool, outgoing) = (&console.parts.writes, &console.parts.outgoing);
    let (id, realm) = (EndpointId(id), page.realm);
    let path = page.path(&format!("/notifications/{id}"));
    let endpoint = endpoints::find(&mut *pool.acquire().await?, realm, id).await?;
    let (what, response) = match posted.text("act") {
        "test" => {
            let tested =
                endpoints::test(pool, outgoing, realm, id, Event::ReferralSignedUp, console.now()).await?;
            ("endpoint tested", page.show("Test", &told(&path, &tested)))
        }
        "redeliver" => {
            endpoints::redeliver(pool, realm, id, &Selection::Failed).await?;
            ("deliveries sent again", done(&path, "redelivered"))
        }
        "rotate" => {
            let (endpoint, made) = endpoints::rotate_secret(pool, outgoing, realm, id, None).await?;
            ("secret rotated", page.show("Secret", &secret(&page, &endpoint, made.expose())))
        }
        "pause" => {
            let change = Change { status: Some(EndpointStatus::Paused), ..Change::default() };
            endpoints::update(pool, outgoing, realm, id, change).await?;
            ("endpoint paused", done(&path, "paused"))
        }
        "enable" => {
            endpoints::enable(&mut *pool.acquire().await?, realm, id).await?;
            ("endpoint enabled", done(&path, "enabled"))
        }
        "delete" => {
            endpoints::delete(&mut *pool.acquire().await?, realm, id).await?;
            ("endpoint deleted", done(&page.path("/notifications"), "deleted"))
        }
        _ => return Err(Failure::Refused("Say what is done with it.".to_owned())),
    };
    record(&mut *pool.acquire().await?, &console, &page, what, &endpoint.url).await?;
    Ok(response)
}

fn told(path: &str, tested: &Tested) -> Markup {
    html! {
        h1 { @if tested.delivered { "The endpoint took it" } @else { "The endpoint did not take it" } }
        dl.facts {
            dt { "Sent" } dd { code { (tested.id) } }
            dt { "Answer" } dd { @match tested.status_code { Some(code) => (code), None => "none" } }
            @if let Some(error) = &tested.error { dt { "Error" } dd { (error) } }
            dt { "Took" } dd { (tested.duration.as_millis().to_string()) " ms" }
        }
        @if let Some(answer) = &tested.answer { pre tabindex="0" { (answer) } }
        p { a href=(path) { "To the endpoint" } }
    }
}
