//! The console, as this server serves it: its settings, and what stands around its routes.

use crate::error::ApiError;
use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Method, Request, StatusCode, header};
use axum::response::Response;
use common::config::ConsoleArgs;
use tower::ServiceExt;
use webconsole::{Client, Console, Parts, ProxySignIn};

/// Below it is what costs nothing and says nothing of anybody.
const ASSETS: &str = "/console/assets/";

/// The console and its routes.
#[derive(Clone)]
pub(crate) struct MountedConsole {
    console: Console,
    routes: Router,
}

impl MountedConsole {
    pub(crate) fn new(parts: Parts) -> Self {
        let console = Console::new(parts);
        Self { routes: webconsole::router(console.clone()), console }
    }

    /// Whether a request counts against the limit per address.
    pub(crate) fn counts<B>(&self, request: &Request<B>) -> bool {
        !request.uri().path().starts_with(ASSETS) && !self.console.knows(request.headers())
    }

    pub(crate) async fn answer(&self, client: Client, mut request: Request<Body>) -> Response {
        request.extensions_mut().insert(client);
        match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Whether an act reads all of history, and has the time for it.
pub(crate) fn reads_history<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    request.method() == Method::POST && (path.ends_with("/rules/simulate") || path.ends_with("/proof"))
}

/// Why a page is not shown, on a page.
pub(crate) fn refusal(error: &ApiError) -> Response {
    let mut response = webconsole::problem(error.kind().0, &error.to_string());
    response.headers_mut().extend(error.headers());
    response
}

/// Whether a person looks at the answer: a browser asks for a page, and not below the API's root.
pub(crate) fn is_of_a_browser<B>(request: &Request<B>) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let path = request.uri().path();
    let is_for_programs = path.starts_with("/api/") || matches!(path, "/livez" | "/readyz" | "/metrics");
    request.method() == Method::GET
        && !is_for_programs
        && accepted.is_some_and(|accept| accept.contains("text/html"))
}

/// What a browser asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Visited {
    /// An affiliate's link.
    Link,
    /// Anything else.
    Other,
}

impl Visited {
    /// `None` for a program.
    pub(crate) fn by<B>(request: &Request<B>) -> Option<Self> {
        is_of_a_browser(request).then(|| match request.uri().path() {
            path if path.starts_with("/r/") => Self::Link,
            _ => Self::Other,
        })
    }
}

/// A small page in the place of an error's JSON.
pub(crate) fn for_a_browser(response: Response, visited: Visited) -> Response {
    let page = match (response.status(), visited) {
        (status @ StatusCode::NOT_FOUND, Visited::Link) => webconsole::problem(
            status,
            "This link leads nowhere: it is misspelt, or whoever gave it to you no longer takes part.",
        ),
        (status @ StatusCode::NOT_FOUND, Visited::Other) => {
            webconsole::problem(status, "There is nothing at this address.")
        }
        (status @ StatusCode::TOO_MANY_REQUESTS, _) => {
            webconsole::problem(status, "Too many requests came from your address. Try again in a minute.")
        }
        (status @ StatusCode::SERVICE_UNAVAILABLE, _) => {
            webconsole::problem(status, "This does not work right now. Try again in a moment.")
        }
        _ => return response,
    };
    let (mut parts, _) = response.into_parts();
    let (of_page, body) = page.into_parts();
    parts.status = of_page.status;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(of_page.headers);
    Response::from_parts(parts, body)
}

/// The proxy that signs people in, where one is set.
///
/// # Errors
/// When half of it is set, or the header is none.
pub(crate) fn proxy(settings: &ConsoleArgs) -> anyhow::Result<Option<ProxySignIn>> {
    let from = settings.console_proxies.0.clone();
    let Some(name) = &settings.console_proxy_header else {
        ensure!(from.is_empty(), "CONSOLE_PROXIES needs CONSOLE_PROXY_HEADER");
        return Ok(None);
    };
    let header: HeaderName =
        name.parse().with_context(|| format!("CONSOLE_PROXY_HEADER: no header is called {name:?}"))?;
    ensure!(!from.is_empty(), "CONSOLE_PROXY_HEADER needs CONSOLE_PROXIES: anybody could say who they are");
    Ok(Some(ProxySignIn { header, from }))
}
