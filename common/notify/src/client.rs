//! Posts a notification, once.

use crate::policy::{Policy, Reach};
use crate::resolver::{Filter, Lookup, denied};
use crate::{Secret, Target, sign};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer is read, so that a connection can be used again; one that says more is closed.
const READ: usize = 64 * 1024;
/// How much of it is kept.
const KEPT: usize = 2 * 1024;

/// A receiver gets as many connections as it has tries under way; they are closed before most receivers do.
const IDLE_CONNECTIONS: usize = 4;
const IDLE: Duration = Duration::from_secs(20);

const AGENT: HeaderValue = HeaderValue::from_static("Tributary-Webhooks/1");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT: HeaderName = HeaderName::from_static("x-refgrow-event");
const REFGROW_SIGNATURE: HeaderName = HeaderName::from_static("x-refgrow-signature");
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const CONTROL: HeaderName = HeaderName::from_static("webhook-delivery");

/// What is posted.
#[derive(Clone, Debug)]
pub struct Message {
    /// `ntf_…`: the same for every try.
    pub id: String,
    /// The event's name.
    pub event: String,
    /// JSON.
    pub body: Bytes,
    /// Those that are valid, the newest first.
    pub secrets: Vec<Secret>,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered(Answer),
    /// It did not.
    Failed(Failure),
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The first 2 KB of the body; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What it asks for by `webhook-delivery`.
    pub control: Option<Control>,
}

/// What a receiver asks for by the header `webhook-delivery`, as Svix has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `disable`: nothing more is to be sent here.
    Disable,
    /// `abort-message`: this one is not to be sent again.
    AbortMessage,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing was sent: the address is not one that may be reached.
    #[error("not sent: {0}")]
    Forbidden(String),
    /// The time was over.
    #[error("no answer in time")]
    TimedOut,
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection broke, or what came was no HTTP.
    #[error("the answer cannot be read: {0}")]
    Broken(String),
}

/// Posts notifications. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    policy: Policy,
    anywhere: Http,
    allowed_networks: Http,
}

/// It speaks HTTP/1.1, follows no redirect and asks no proxy.
type Http = legacy::Client<HttpsConnector<HttpConnector<Filter>>, Full<Bytes>>;

/// The client cannot be made.
pub type Unusable = rustls::Error;

impl Client {
    /// One that reaches what the policy allows, whatever `lookup` says.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: Policy, lookup: &Arc<dyn Lookup>) -> Result<Self, Unusable> {
        let of = |reach| build(Filter { policy: policy.clone(), reach, lookup: Arc::clone(lookup) });
        Ok(Self { anywhere: of(Reach::Anywhere)?, allowed_networks: of(Reach::AllowedNetworks)?, policy })
    }

    /// What may be reached.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Posts a message once, within `limit` from beginning to end. No redirect is followed and no proxy asked.
    pub async fn post(&self, url: &str, message: &Message, now: DateTime<Utc>, limit: Duration) -> Outcome {
        // Also a URL that was accepted once: what may be reached may have changed.
        let target = match Target::parse(url, &self.policy) {
            Ok(target) => target,
            Err(refused) => return Outcome::Failed(Failure::Forbidden(refused.to_string())),
        };
        let client = match target.reach {
            Reach::Anywhere => &self.anywhere,
            Reach::AllowedNetworks => &self.allowed_networks,
        };
        let exchange = async {
            let response = client.request(request(&target, message, now)?).await?;
            read(response, now).await
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(Ok(answer)) => Outcome::Answered(answer),
            Ok(Err(error)) => Outcome::Failed(failure(error.as_ref())),
            Err(_elapsed) => Outcome::Failed(Failure::TimedOut),
        }
    }
}

fn build(filter: Filter) -> Result<Http, Unusable> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new_with_resolver(filter);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_nodelay(true);
    // TLS is the next connector's.
    tcp.enforce_http(false);
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .build(connector))
}

type BoxError = Box<dyn Error + Send + Sync>;

fn request(target: &Target, message: &Message, now: DateTime<Utc>) -> Result<Request<Full<Bytes>>, BoxError> {
    let uri: Uri = target.url().as_str().parse()?;
    let mut request = Request::new(Full::new(message.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers(message, now);
    Ok(request)
}

fn headers(message: &Message, now: DateTime<Utc>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(USER_AGENT, AGENT);
    let mut insert = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    insert(EVENT, &message.event);
    insert(ID, &message.id);
    if let Some(signed) = sign(&message.secrets, &message.id, now, &message.body) {
        insert(TIMESTAMP, &signed.timestamp);
        insert(SIGNATURE, &signed.signature);
        insert(REFGROW_SIGNATURE, &signed.refgrow);
    }
    headers
}

async fn read<B>(response: Response<B>, now: DateTime<Utc>) -> Result<Answer, BoxError>
where
    B: http_body_util::BodyExt<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), now);
    let control = match response.headers().get(CONTROL).map(HeaderValue::as_bytes) {
        Some(b"disable") => Some(Control::Disable),
        Some(b"abort-message") => Some(Control::AbortMessage),
        Some(_) | None => None,
    };
    let (mut body, mut kept, mut read) = (response.into_body(), Vec::new(), 0_usize);
    while read < READ {
        let Some(frame) = body.frame().await else { break };
        // Trailers are of no interest.
        let Ok(chunk) = frame.map_err(Into::into)?.into_data() else { continue };
        read = read.saturating_add(chunk.len());
        let room = KEPT.saturating_sub(kept.len());
        kept.extend(chunk.iter().take(room));
    }
    Ok(Answer { status, body: text(&kept), retry_after, control })
}

/// A text that PostgreSQL takes.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    (at.to_utc() - now).to_std().ok()
}

fn failure(error: &(dyn Error + 'static)) -> Failure {
    if let Some(denied) = denied(error) {
        return Failure::Forbidden(denied.to_string());
    }
    let reason = innermost(error);
    let is_connect = error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
    if is_connect { Failure::Connect(reason) } else { Failure::Broken(reason) }
}

/// The last cause, which says most: the others repeat the URL.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().chars().take(200).collect()
}
