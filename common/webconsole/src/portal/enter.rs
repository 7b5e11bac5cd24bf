//! `GET`, `POST /portal/enter`: from the link to the page. Opening the link alone changes nothing, since programs that look
//! through mail open links as well.

use super::ROOT;
use crate::{cookies, failure::Failure, guard, layout, person::Reached, state::Console};
use axum::{
    extract::{Query, Request, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;

/// What the link carries.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Carried {
    pass: String,
}

/// A button.
pub(crate) async fn ask(query: Result<Query<Carried>, QueryRejection>) -> Response {
    let Carried { pass } = query.map(|Query(carried)| carried).unwrap_or_default();
    let content = html! {
        h1 { "Your account" }
        p { "What you earned, what is on its way to you, and what was paid." }
        form method="post" action={ (ROOT) "/enter" } {
            input type="hidden" name="pass" value=(pass);
            button type="submit" { "Open" }
        }
    };
    layout::bare("Your account", &content).into_response()
}

/// Opens the page, once for each link.
pub(crate) async fn enter(State(console): State<Console>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let entered = async {
        let reached = Reached::of(&parts).ok_or(Failure::Forged)?;
        let posted = guard::sent(&parts, body, reached.secure).await?;
        let mut transaction = console.parts.writes.begin().await?;
        let entered = app::portal::enter(&mut transaction, posted.text("pass"), console.now()).await?;
        transaction.commit().await?;
        let cookie = entered.and_then(|pass| cookies::set_portal(pass.expose(), reached.secure));
        let gone = "This link was used already, or is older than a quarter of an hour. Ask for a new one.";
        let cookie = cookie.ok_or_else(|| Failure::Refused(gone.to_owned()))?;
        let mut response = Redirect::to(ROOT).into_response();
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok::<_, Failure>(response)
    };
    entered.await.unwrap_or_else(|failure| layout::failed(None, &failure))
}
