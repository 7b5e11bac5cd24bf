//! `GET`, `POST /console/sign-in`

use crate::{ROOT, cookies, failure::Failure, form, guard, layout, person::Reached, state::Console};
use app::users::{self, Attempt, SignIn};
use axum::{
    extract::{Query, Request, State, rejection::QueryRejection},
    http::{StatusCode, header, request},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;

/// Where somebody wanted to go.
#[derive(Deserialize, Default)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

/// The form.
pub(crate) async fn show(query: Result<Query<Wanted>, QueryRejection>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Query(Wanted { next }) = query.unwrap_or_default();
    form(&parts, StatusCode::OK, &next, None)
}

/// Lets somebody in, or shows the form again.
pub(crate) async fn sign_in(State(console): State<Console>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match attempted(&console, &parts, body).await {
        Ok(response) => response,
        Err(failure) => {
            if let Failure::Defect(error) = &failure {
                tracing::error!(%error, "signing in failed");
            }
            layout::failed(None, &failure)
        }
    }
}

async fn attempted(
    console: &Console,
    parts: &request::Parts,
    body: axum::body::Body,
) -> Result<Response, Failure> {
    let reached = Reached::of(parts).ok_or(Failure::Forged)?;
    let posted = guard::sent(parts, body, reached.secure).await?;
    let visit = cookies::visit(&parts.headers).unwrap_or_default();
    if visit.is_empty() || !form::is_token_of(visit, posted.raw(form::TOKEN)) {
        return Ok(form(parts, StatusCode::FORBIDDEN, posted.raw("next"), Some(STALE)));
    }
    let attempt = Attempt {
        name: posted.text("name"),
        password: posted.raw("password"),
        address: &reached.client.address,
    };
    let turn = tokio::time::timeout(std::time::Duration::from_secs(2), console.passwords.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(Failure::Unavailable("Too many are signing in. Try again in a moment."));
    };
    let next = posted.raw("next");
    match users::sign_in(&console.parts.writes, attempt, console.now()).await? {
        SignIn::Refused => Ok(form(parts, StatusCode::UNAUTHORIZED, next, Some(WRONG))),
        SignIn::LockedOut => Ok(form(parts, StatusCode::TOO_MANY_REQUESTS, next, Some(LOCKED))),
        SignIn::In(session) => {
            let mut response = Redirect::to(safe(next)).into_response();
            if let Some(cookie) = cookies::set_session(session.expose(), reached.secure) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
    }
}

const WRONG: &str = "Name or password is wrong.";
const LOCKED: &str = "Too many attempts. Try again in a quarter of an hour.";
const STALE: &str = "This form was open for too long. Send it again.";

/// A page of the console, whatever was asked for.
fn safe(next: &str) -> &str {
    let is_ours = next.starts_with(ROOT) && crate::owns(next.split(['?', '#']).next().unwrap_or_default());
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !next.contains("//");
    if is_ours && is_plain && !next.starts_with(&format!("{ROOT}/sign-in")) { next } else { ROOT }
}

fn form(parts: &request::Parts, status: StatusCode, next: &str, problem: Option<&str>) -> Response {
    let Some(reached) = Reached::of(parts) else { return layout::failed(None, &Failure::Forged) };
    let known = cookies::visit(&parts.headers);
    let fresh = known.is_none().then(value);
    let visit = known.map_or_else(|| fresh.clone().unwrap_or_default(), str::to_owned);
    let content = html! {
        h1 { "Sign in" }
        @if let Some(problem) = problem { p.problem role="alert" { (problem) } }
        form.sign-in method="post" action={ (ROOT) "/sign-in" } {
            input type="hidden" name=(form::TOKEN) value=(form::token_of(&visit));
            input type="hidden" name="next" value=(safe(next));
            label for="name" { "Name" }
            input #name name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="254" autofocus;
            label for="password" { "Password" }
            input #password name="password" type="password" autocomplete="current-password" required maxlength="1024";
            button type="submit" { "Sign in" }
        }
    };
    let mut response = (status, layout::bare("Sign in", &content)).into_response();
    if let Some(cookie) = fresh.and_then(|value| cookies::set_visit(&value, reached.secure)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    layout::protect(response.headers_mut());
    response
}

#[expect(clippy::disallowed_methods, reason = "what a form is tied to is a secret")]
fn value() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(safe("/console/1/live/payments?q=a"), "/console/1/live/payments?q=a");
        for foreign in [
            "",
            "https://evil.test",
            "//evil.test",
            "/console//evil.test",
            "/console\\evil",
            "/consoles",
            "/api/v1",
            "/console/sign-in",
            "/console/\n",
            "javascript:alert(1)",
        ] {
            assert_eq!(safe(foreign), ROOT, "{foreign}");
        }
    }
}
