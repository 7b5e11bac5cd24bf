//! `POST /console/sign-out`

use crate::{ROOT, cookies, failure::Failure, person::Person, state::Console};
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};

const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

/// Ends the session here and in the database. Whom a proxy vouches for is in again with the next page.
pub(crate) async fn sign_out(State(console): State<Console>, person: Person) -> Result<Response, Failure> {
    app::users::sign_out(&console.parts.writes, person.digest, &person.who, console.now()).await?;
    console.forget(person.digest);
    let mut response = Redirect::to(&format!("{ROOT}/sign-in")).into_response();
    if let Some(cookie) = cookies::end_session(person.secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(CLEAR, HeaderValue::from_static("\"cache\""));
    Ok(response)
}
