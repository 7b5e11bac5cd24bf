//! Lists: history, and the events of the last 30 days.
//!
//! The generated client keeps the headers of an answer to itself, and `Retry-After` is one; so this has a client of its own,
//! for reads alone.

use super::{FIRST_PAUSE, FetchError, LONGEST_PAUSE, choose_tls_provider, pace::Pace};
use crate::history::List;
use crate::json::well_formed;
use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::time::Duration;

/// Stripe's largest page (<https://docs.stripe.com/api/pagination>).
const PAGE: u32 = 100;

/// How long one call may take. A page of a hundred expanded objects takes Stripe seconds.
const CALL: Duration = Duration::from_secs(30);

/// How often a call is tried before whoever asked hears of it.
const MAX_RETRIES: usize = 8;

/// The largest page: a hundred invoices of a hundred lines each have about 20 MB.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Idle connections are closed before Stripe does.
const IDLE: Duration = Duration::from_secs(20);

/// Reads lists, never faster than was set. Clones are no use: share it.
pub struct Lists {
    http: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    base: String,
    authorization: HeaderValue,
    pace: Pace,
    patience: Duration,
}

/// A span of time: its begin, and its end, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub since: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
}

/// A page of a list, newest first.
#[derive(Debug)]
pub struct Page {
    /// The objects, as Stripe wrote them.
    pub objects: Vec<String>,
    /// After which object the next page begins; none after the last page.
    pub next: Option<String>,
}

impl Lists {
    /// A reader that acts with this key, with so many calls a second at most. `base_url` stands in for `https://api.stripe.com`.
    ///
    /// # Errors
    /// [`FetchError::Settings`]
    pub fn new(secret_key: &str, base_url: &str, per_second: u32) -> Result<Self, FetchError> {
        choose_tls_provider();
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", secret_key.trim()))
            .map_err(|_| FetchError::Settings("the key is no text of one line".to_owned()))?;
        authorization.set_sensitive(true);
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        let base = base_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base, authorization, pace: Pace::new(per_second), patience: CALL })
    }

    /// The same, with another time in which a call has to be answered.
    #[must_use]
    pub fn answered_within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A page of what was made in a span of time, after an object of the page before.
    ///
    /// # Errors
    /// [`FetchError`], after some tries where that is of use.
    pub async fn page(&self, list: List, span: Span, after: Option<&str>) -> Result<Page, FetchError> {
        self.list(list.path(), list.query(), span, after).await
    }

    /// A page of Stripe's events, each in the version in which it was made. Those of the last 30 days are kept.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn events(&self, span: Span, after: Option<&str>) -> Result<Page, FetchError> {
        self.list("/v1/events", "", span, after).await
    }

    /// When the account was made, before which there is no history. None when the key may not tell.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn account_created(&self) -> Result<Option<DateTime<Utc>>, FetchError> {
        #[derive(Deserialize)]
        struct Account {
            #[serde(default)]
            created: Option<i64>,
        }
        let read = |body: &[u8]| serde_json::from_slice::<Account>(&well_formed(body)).map_err(no_answer);
        match self.get("/v1/account", read).await {
            Ok(account) => Ok(account.created.and_then(|at| DateTime::from_timestamp(at, 0))),
            Err(FetchError::Refused { .. } | FetchError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(
        &self,
        path: &str,
        query: &str,
        span: Span,
        after: Option<&str>,
    ) -> Result<Page, FetchError> {
        let Span { since, until } = span;
        let after = match after {
            Some(id) => format!("&starting_after={}", encoded(id)),
            None => String::new(),
        };
        let (since, until) = (since.timestamp(), until.timestamp());
        let query = query.replace("[]", "%5B%5D");
        let path =
            format!("{path}?limit={PAGE}&created%5Bgte%5D={since}&created%5Blt%5D={until}{query}{after}");
        self.get(&path, page).await
    }

    /// Asks, again and again while that may help, also when the answer cannot be read.
    async fn get<T>(
        &self,
        path: &str,
        read: impl Fn(&[u8]) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(MAX_RETRIES)
            .with_jitter();
        let mut pauses = pauses.build();
        loop {
            self.pace.turn().await;
            let answer = tokio::time::timeout(self.patience, self.ask(path)).await;
            let read = answer.unwrap_or(Err(FetchError::Timeout(self.patience))).and_then(|body| read(&body));
            let error = match read {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if error.is_transient() => {
                    tracing::debug!(%error, "Stripe is asked again");
                    tokio::time::sleep(pause).await;
                }
                Some(_) | None => return Err(error),
            }
        }
    }

    async fn ask(&self, path: &str) -> Result<Vec<u8>, FetchError> {
        let request = Request::get(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone())
            .header("stripe-version", stripe_shared::version::VERSION.as_str())
            .body(Empty::new())
            .map_err(|error| FetchError::Settings(error.to_string()))?;
        let away = |error: &dyn std::error::Error| FetchError::Unavailable(error.to_string());
        let response = self.http.request(request).await.map_err(|error| away(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| away(error.as_ref()))?;
        let body = body.to_bytes();
        if head.status.is_success() {
            return Ok(body.into());
        }
        if head.status == StatusCode::TOO_MANY_REQUESTS {
            self.pace.slow_down(retry_after(&head.headers));
        }
        Err(understand(head.status, &body))
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lists").field("base", &self.base).finish_non_exhaustive()
    }
}

fn page(body: &[u8]) -> Result<Page, FetchError> {
    #[derive(Deserialize)]
    struct Listed {
        data: Vec<Box<RawValue>>,
        #[serde(default)]
        has_more: bool,
    }
    #[derive(Deserialize)]
    struct Item {
        id: String,
    }
    let listed: Listed = serde_json::from_slice(&well_formed(body)).map_err(no_answer)?;
    let next = match listed.data.last().filter(|_| listed.has_more) {
        Some(last) => {
            let Item { id } = serde_json::from_str(last.get()).map_err(no_answer)?;
            Some(id)
        }
        None => None,
    };
    Ok(Page { objects: listed.data.iter().map(|object| object.get().to_owned()).collect(), next })
}

/// Something on the way answered instead of Stripe.
fn no_answer(_: serde_json::Error) -> FetchError {
    FetchError::Unavailable("the answer is not one of Stripe's".to_owned())
}

fn understand(status: StatusCode, body: &[u8]) -> FetchError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        error: Words,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Words {
        message: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(&well_formed(body)).unwrap_or_default();
    let message = answer.error.message.unwrap_or_else(|| "without a message".to_owned());
    match status.as_u16() {
        404 => FetchError::NotFound(message),
        429 => FetchError::RateLimited,
        // As Stripe's own clients do: a lock that timed out, a dependency that failed.
        status @ (409 | 424 | 500..) => FetchError::Unavailable(format!("status {status}: {message}")),
        status => FetchError::Refused { status, message },
    }
}

/// An id in a query: those of customers may be a company's own, of any letters.
fn encoded(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let byte = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    id.bytes().map(byte).collect()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    // Who asks for longer is asked again, and says it again.
    Some(Duration::from_secs(seconds).min(Duration::from_mins(5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins() {
        let read = |text: &str| page(text.as_bytes()).map(|page| (page.objects.len(), page.next));
        let some = r#"{"object": "list", "has_more": true, "data": [{"id": "in_2"}, {"id": "in_1"}]}"#;
        assert_eq!(read(some), Ok((2, Some("in_1".to_owned()))));
        assert_eq!(read(&some.replace("true", "false")), Ok((2, None)));
        assert_eq!(read(r#"{"data": [], "has_more": true}"#), Ok((0, None)));
        assert!(read(r#"{"data": [{"id": "in"#).is_err_and(|error| error.is_transient()));
    }

    #[test]
    fn an_id_of_any_letters_stands_in_a_query() {
        assert_eq!(encoded("cus_1-a.b"), "cus_1-a.b");
        assert_eq!(encoded("Müller & Co"), "M%C3%BCller%20%26%20Co");
    }

    #[test]
    fn an_answer_says_how_long_to_wait() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("86400"));
        assert_eq!(retry_after(&headers), Some(Duration::from_mins(5)));
    }
}
