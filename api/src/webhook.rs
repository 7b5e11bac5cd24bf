//! `POST /webhooks/stripe/{projectId}`: raw body, signature, queue. Nothing else: no SQL, and the body
//! is never parsed here.

pub(crate) mod secrets;
mod traceparent;

use crate::error::ApiError;
use crate::openapi::Webhooks;
use crate::state::AppState;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header, request};
use axum::response::Response;
use domain::ids::{Mode, ProjectId, Realm};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use queue::PublishError;
use queue::envelope::{Envelope, Source};
use secrets::Project;
use stripe::signature::{self, InvalidSignature};

/// In front of the project's id.
pub(crate) const PREFIX: &str = "/webhooks/stripe/";

/// Stripe publishes no maximum; events seen have 3 to 6 KB.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

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
        (status = 400, description = "Bad signature or stale timestamp", body = crate::error::ErrorBody<'static>),
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
    B: axum::body::HttpBody<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if request.method != Method::POST {
        return Err(ApiError::MethodNotAllowed("POST"));
    }
    let unknown = || ApiError::NotFound(format!("There is no project {project}"));
    let id = project.parse().map(ProjectId).map_err(|_| unknown())?;
    let body = read(&request.headers, body).await?;
    let project = state.secrets.project(id).await?.ok_or_else(unknown)?;
    let mode = authenticate(state, id, &project, &request.headers, &body).await?;
    if let Some(Err(refused)) = state.limits.webhook(id) {
        return Err(ApiError::RateLimited(refused));
    }
    let realm = Realm { project: id, mode };
    let mut envelope = Envelope::new(Source::Stripe, realm, body, state.clock.now());
    envelope.headers.traceparent = traceparent::of(&request.headers);
    state.publisher.publish(envelope).await?;
    Ok(received())
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

async fn read<B>(headers: &HeaderMap, body: B) -> Result<Bytes, ApiError>
where
    B: axum::body::HttpBody<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let too_large = || ApiError::PayloadTooLarge { limit: MAX_BODY };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(too_large());
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(ApiError::InvalidJson("The body could not be read to its end".to_owned())),
    }
}

/// The mode of the secret that proves the body. When none does, a secret that was added a moment ago
/// may not be known yet: the project is looked up again, once a second at most.
async fn authenticate(
    state: &AppState,
    id: ProjectId,
    project: &Project,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Mode, ApiError> {
    let header = headers.get(SIGNATURE).ok_or_else(|| {
        ApiError::InvalidSignature(
            "The Stripe-Signature header is missing: this address is for Stripe's webhooks".to_owned(),
        )
    })?;
    let header = header.to_str().map_err(|_| {
        ApiError::InvalidSignature("The Stripe-Signature header is not readable text".to_owned())
    })?;
    let refused = match project.verify(header, body, state.clock.now()) {
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
        Some(project) => {
            project.verify(header, body, state.clock.now()).map_err(|refused| invalid(&project, &refused))
        }
        None => Err(invalid(project, &refused)),
    }
}

/// What to mend.
fn invalid(project: &Project, refused: &InvalidSignature) -> ApiError {
    let advice = match refused {
        InvalidSignature::NoSecret => ": add the endpoint's whsec_… with `tributary project update`",
        InvalidSignature::Mismatch if project.modes().count() == 1 => {
            ": compare the endpoint's whsec_… at Stripe with the project's, and mind that live and test mode have \
             one each"
        }
        InvalidSignature::Mismatch => ": compare the endpoint's whsec_… at Stripe with the project's",
        InvalidSignature::TooOld { .. } => ": check the clocks",
        _ => "",
    };
    ApiError::InvalidSignature(format!("{refused}{advice}"))
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

impl Project {
    fn verify(
        &self,
        header: &str,
        body: &[u8],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Mode, InvalidSignature> {
        let verified = signature::verify(header, body, self.secrets(), now)?;
        self.mode(verified.secret).ok_or(InvalidSignature::Mismatch)
    }
}
