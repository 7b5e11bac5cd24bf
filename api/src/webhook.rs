//! `POST /webhooks/stripe/{projectId}`: raw body, signature, queue. Nothing else: no SQL, and the body
//! is never parsed here.
//!
//! Whoever proves nothing learns nothing: a project that does not exist is refused as a wrong signature is. Only a body
//! that one of our secrets signed is told that its address is wrong.

mod traceparent;

use crate::bodies::Bodies;
use crate::error::ApiError;
use crate::openapi::Webhooks;
use crate::signing_secrets::Project;
use crate::state::AppState;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header, request};
use axum::response::Response;
use domain::ids::{Mode, ProjectId, Realm};
use queue::PublishError;
use queue::envelope::{Envelope, Source};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stripe::signature::{self, InvalidSignature};
use traces::{Span, SpanKind};

/// In front of the project's id.
pub(crate) const PREFIX: &str = "/webhooks/stripe/";

/// Stripe publishes no maximum; events seen have 3 to 6 KB.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// A proved event is stored or refused within this time. The publisher's own deadline comes first.
const TIME_LIMIT: Duration = Duration::from_secs(5);

const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

/// Takes one webhook. 200 only once it is stored durably.
///
/// The secret that verifies tells the mode; an event of the other mode is answered 200 as well, and
/// kept as ignored by the worker.
#[utoipa::path(
    post,
    path = "/webhooks/stripe/{projectId}",
    operation_id = "receive_stripe_webhook",
    tag = "Webhooks",
    params(
        ("projectId" = i64, Path, description = "The project"),
        ("Stripe-Signature" = String, Header, description = "Stripe's signature of the raw body"),
    ),
    request_body(content = serde_json::Value, description = "A Stripe event", content_type = "application/json"),
    responses(
        Webhooks,
        (status = 200, description = "Stored durably", body = Received),
        (
            status = 400,
            description = "Bad signature or stale timestamp; also for an unknown project, unless the signature is one of \
                           another project of this deployment",
            body = crate::error::ErrorBody<'static>,
        ),
    ),
    security(()),
)]
pub(crate) async fn receive<B>(
    state: &AppState,
    project: &str,
    request: request::Parts,
    body: B,
) -> Result<Response, ApiError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if request.method != Method::POST {
        return Err(ApiError::MethodNotAllowed("POST"));
    }
    let unknown = || ApiError::NotFound(format!("There is no project {project}"));
    let began = state.clock.now().into();
    let id = project.parse().ok().filter(|id| *id > 0).map(ProjectId).ok_or_else(unknown)?;
    // Everything that can be said before the body is read.
    Bodies::check_announced(&request.headers, MAX_BODY)?;
    let header = signature_of(&request.headers)?;
    signature::check(header, state.clock.now()).map_err(|refused| invalid(&refused))?;
    let project = state.secrets.project(id).await?;
    let body = state.bodies.read(&request.headers, body, MAX_BODY).await?;
    let _place = state.places.for_webhook()?;
    let Some(project) = project else {
        let is_ours = state.secrets.is_somebodys(header, &body.bytes, state.clock.now());
        return Err(if is_ours { unknown() } else { invalid(&InvalidSignature::Mismatch) });
    };
    let work = store(state, id, &project, header, &request.headers, body.bytes, began);
    // What is stored in the end counts until then.
    let _kept = body.kept;
    tokio::time::timeout(TIME_LIMIT, work).await.map_err(|_elapsed| too_slow())?
}

fn signature_of(headers: &HeaderMap) -> Result<&str, ApiError> {
    let header = headers.get(SIGNATURE).ok_or_else(|| {
        ApiError::InvalidSignature(
            "The Stripe-Signature header is missing: this address is for Stripe's webhooks".to_owned(),
        )
    })?;
    header.to_str().map_err(|_| {
        ApiError::InvalidSignature("The Stripe-Signature header is not readable text".to_owned())
    })
}

/// Proves the body and stores it.
async fn store(
    state: &AppState,
    id: ProjectId,
    project: &Arc<Project>,
    signature: &str,
    headers: &HeaderMap,
    body: Bytes,
    began: SystemTime,
) -> Result<Response, ApiError> {
    let mode = authenticate(state, id, project, signature, &body).await.map_err(|refused| {
        state.refusals.count(id, state.clock.now());
        invalid(&refused)
    })?;
    if let Some(Err(refused)) = state.limits.webhook(id) {
        return Err(ApiError::RateLimited(refused));
    }
    let realm = Realm { project: id, mode };
    let asked = traceparent::of(headers);
    // Only of what was proved: whoever proves nothing is not told of.
    let mut span = Span::since(began, "webhook", SpanKind::Server, asked.as_deref());
    span.number("tributary.project", id.0);
    span.text("tributary.mode", &mode.to_string());
    let mut publish = span.part("publish", SpanKind::Producer);
    let mut envelope = Envelope::new(Source::Stripe, realm, body, state.clock.now());
    publish.text("messaging.message.id", &envelope.headers.message_id.to_string());
    envelope.headers.traceparent = publish.traceparent().or(asked);
    state.publisher.publish(envelope).await.inspect_err(|_| publish.failed("nothing could hold it"))?;
    Ok(received())
}

fn too_slow() -> ApiError {
    ApiError::unavailable("This took too long: send it again")
}

/// The answer to a webhook that is stored.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the answer, which is always the same text")]
pub(crate) struct Received {
    /// Always true.
    received: bool,
}

fn received() -> Response {
    let mut response = Response::new(Body::from(r#"{"received":true}"#));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The mode of the secret that proves the body. When none does, a secret that was added a moment ago
/// may not be known yet: the project is looked up again, once a second at most.
async fn authenticate(
    state: &AppState,
    id: ProjectId,
    project: &Project,
    signature: &str,
    body: &[u8],
) -> Result<Mode, InvalidSignature> {
    let refused = match project.verify(signature, body, state.clock.now()) {
        Ok(mode) => return Ok(mode),
        Err(refused) => refused,
    };
    let changed = match refused {
        InvalidSignature::Mismatch | InvalidSignature::NoSecret => {
            state.secrets.look_again(id, project).await
        }
        _ => None,
    };
    match changed {
        Some(project) => project.verify(signature, body, state.clock.now()),
        None => Err(refused),
    }
}

/// What to mend. What is wrong with a project's secrets, or that there is no project, is not told apart.
fn invalid(refused: &InvalidSignature) -> ApiError {
    match refused {
        InvalidSignature::NoSecret | InvalidSignature::Mismatch => ApiError::InvalidSignature(format!(
            "{}: compare the endpoint's whsec_… at Stripe with the project's, which `tributary project update` adds, and \
             the project in the address; live and test mode have a secret each",
            InvalidSignature::Mismatch
        )),
        InvalidSignature::TooOld { .. } => ApiError::InvalidSignature(format!("{refused}: check the clocks")),
        _ => ApiError::InvalidSignature(refused.to_string()),
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unavailable { retry_after } => Self::Unavailable {
                message: "Nothing can hold this right now: send it again",
                retry_after: retry_after.as_secs().max(1),
                source: Some(Box::new(error)),
            },
        }
    }
}
