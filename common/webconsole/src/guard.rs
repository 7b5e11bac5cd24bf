//! In front of every page: who is signed in, and that what is sent was sent from a page of theirs.

use crate::{
    cookies,
    failure::Failure,
    form::{self, MAX_FORM, Posted},
    layout, origin,
    person::{Person, Reached},
    state::{Console, ProxySignIn},
};
use app::users;
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, header, request},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use store::console_sessions::{self, SessionDigest};

/// Finds out who asks, looks at what they send, and writes a page for what went wrong.
pub(crate) async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (person, path) = (identified(&console, &parts).await, parts.uri.path().to_owned());
    let (person, opened) = match person {
        Ok(Some((person, opened))) => (person, opened),
        Ok(None) => return signed_out(&parts),
        Err(failure) => return layout::failed(None, &failure),
    };
    let changes = !parts.method.is_safe();
    let mut response = match admit(&person, parts, body, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    };
    if changes {
        console.figures.forget();
    }
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        if let Failure::Defect(error) = &failure {
            tracing::error!(%error, path, "a page of the console failed");
        }
        response = layout::failed(Some(&person), &failure);
    }
    if let Some(cookie) = opened.and_then(|value| cookies::set_session(&value, person.secure)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The page, or what a form does.
async fn admit(
    person: &Person,
    mut parts: request::Parts,
    body: Body,
    next: Next,
) -> Result<Response, Failure> {
    let body = if parts.method.is_safe() {
        Body::empty()
    } else {
        let posted = sent(&parts, body, person.secure).await?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(
            person.token.as_bytes(),
            posted.raw(form::TOKEN).as_bytes(),
        )) {
            return Err(Failure::Forged);
        }
        parts.extensions.insert(posted);
        Body::empty()
    };
    parts.extensions.insert(person.clone());
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The fields of a form that a page of ours sent.
pub(crate) async fn sent(parts: &request::Parts, body: Body, secure: bool) -> Result<Posted, Failure> {
    let host = origin::host(&parts.headers, &parts.uri);
    if !origin::is_ours(&parts.headers, host, secure) {
        return Err(Failure::Forged);
    }
    let too_long = || Failure::Refused("What was sent is too long.".to_owned());
    let body = to_bytes(body, MAX_FORM).await.map_err(|_| too_long())?;
    Ok(Posted::read(&body))
}

/// Who asks, with the value of a session that was just opened for them.
async fn identified(
    console: &Console,
    parts: &request::Parts,
) -> Result<Option<(Person, Option<String>)>, Failure> {
    let Some(reached) = Reached::of(parts) else { return Ok(None) };
    let vouched = console.parts.proxy.as_ref().and_then(|proxy| vouched_for(proxy, &reached, &parts.headers));
    if let Some(value) = cookies::session(&parts.headers) {
        let digest = SessionDigest::of(value);
        let found = console.signed_in(digest).await?;
        // Whom a proxy signed in is in as long as it says so, and is nobody else.
        let found = found.filter(|who| match vouched {
            Some(name) => who.name.eq_ignore_ascii_case(name.trim()),
            None => !who.by_proxy,
        });
        if let Some(who) = found {
            console.remember(digest);
            return Ok(Some((Person::new(who, value, digest, reached.secure), None)));
        }
    }
    let Some(name) = vouched else { return Ok(None) };
    // A form never comes first: its token would be of no session.
    if parts.method != Method::GET {
        return Ok(None);
    }
    let now = console.now();
    let Some(session) = users::by_proxy(&console.parts.writes, name, now).await? else {
        return Err(Failure::Refused(format!("Nobody by the name {name:?} may sign in here.")));
    };
    let value = session.expose().to_owned();
    let digest = SessionDigest::of(&value);
    let mut connection = console.parts.writes.acquire().await?;
    let found = console_sessions::find(&mut connection, digest, now).await?;
    Ok(found.map(|who| (Person::new(who, &value, digest, reached.secure), Some(value))))
}

/// The name in the header of a proxy that is believed.
fn vouched_for<'a>(proxy: &ProxySignIn, reached: &Reached, headers: &'a HeaderMap) -> Option<&'a str> {
    if !proxy.trusts(reached.client.peer) {
        return None;
    }
    let mut names = headers.get_all(&proxy.header).iter();
    // Two of them are a client's own beside the proxy's.
    let (name, None) = (names.next()?, names.next()) else { return None };
    name.to_str().ok().filter(|name| !name.trim().is_empty())
}

/// To the form for signing in, and from there back to the page that was wanted.
fn signed_out(parts: &request::Parts) -> Response {
    if parts.method != Method::GET {
        return layout::failed(None, &Failure::SignedOut);
    }
    // Behind a link on another site the browser leaves our cookie out (SameSite=Strict); from a page of ours it sends it.
    let comes_again =
        cookies::session(&parts.headers).is_none() && origin::is_from_another_site(&parts.headers);
    let wanted = parts.uri.path_and_query().map_or(crate::ROOT, |wanted| wanted.as_str());
    if comes_again {
        return layout::once_more(wanted);
    }
    let wanted: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    let mut response = Redirect::to(&format!("{}/sign-in?next={wanted}", crate::ROOT)).into_response();
    layout::protect(response.headers_mut());
    response
}
