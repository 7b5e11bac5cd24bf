//! How calls are refused: each status that can come, once, for all routes.

use std::collections::BTreeMap;
use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

type Responses = BTreeMap<String, RefOr<Response>>;

/// A refusal that several routes share.
struct Refusal {
    status: u16,
    name: &'static str,
    description: &'static str,
    retry_after: RetryAfter,
}

/// Whether the answer says when to come again.
enum RetryAfter {
    Sent,
    Absent,
}

const REFUSALS: [Refusal; 10] = [
    refusal(400, "BadRequest", "A parameter or the body is not as described: the details name each field"),
    refusal(401, "Unauthorized", "No API key, or one that is unknown or revoked"),
    refusal(
        403,
        "Forbidden",
        "The API key may not do this: its role does not allow it, or it belongs to another project or mode",
    ),
    refusal(404, "NotFound", "There is none in this project and mode"),
    refusal(
        409,
        "IdempotencyConflict",
        "The Idempotency-Key was used for another request, or its request is still running",
    ),
    refusal(413, "PayloadTooLarge", "The body is too large"),
    refusal(415, "UnsupportedMediaType", "The body is not said to be JSON"),
    Refusal {
        retry_after: RetryAfter::Sent,
        ..refusal(429, "RateLimited", "Too many requests from this address or with this key")
    },
    refusal(500, "Internal", "A defect of the service; the request id finds it in the logs"),
    Refusal {
        retry_after: RetryAfter::Sent,
        ..refusal(503, "Unavailable", "Nothing is wrong with the request: send it again")
    },
];

const fn refusal(status: u16, name: &'static str, description: &'static str) -> Refusal {
    Refusal { status, name, description, retry_after: RetryAfter::Absent }
}

/// Puts the shared responses where the routes refer to.
pub(super) fn describe(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    for refusal in &REFUSALS {
        components.responses.insert(refusal.name.to_owned(), RefOr::T(refusal.response()));
    }
}

impl Refusal {
    fn response(&self) -> Response {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
        let response = ResponseBuilder::new().description(self.description).content("application/json", body);
        match self.retry_after {
            RetryAfter::Absent => response.build(),
            RetryAfter::Sent => {
                let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
                let header = HeaderBuilder::new()
                    .schema(Some(seconds))
                    .description(Some("Seconds after which it may be sent again"))
                    .build();
                response.header("Retry-After", header).build()
            }
        }
    }
}

fn refer(statuses: &[u16]) -> Responses {
    let shared = REFUSALS.iter().filter(|refusal| statuses.contains(&refusal.status));
    shared
        .map(|refusal| (refusal.status.to_string(), RefOr::Ref(Ref::from_response_name(refusal.name))))
        .collect()
}

/// Of a call that reads a list.
pub(crate) struct Listing;
/// Of a call that reads what its path names.
pub(crate) struct Reading;
/// Of a call that looks at the whole, and is told nothing that could be wrong.
pub(crate) struct Looking;
/// Of a call that enters something.
pub(crate) struct Creating;
/// Of a call that changes what its path names.
pub(crate) struct Changing;
/// Of a call that deletes what its path names.
pub(crate) struct Deleting;
/// Of a call whose path names the project.
pub(crate) struct ReadingProject;
/// Of a link that anybody may follow.
pub(crate) struct Following;
/// Of Stripe's webhooks.
pub(crate) struct Webhooks;

impl IntoResponses for Listing {
    fn responses() -> Responses {
        refer(&[400, 401, 429, 500, 503])
    }
}

impl IntoResponses for Reading {
    fn responses() -> Responses {
        refer(&[400, 401, 404, 429, 500, 503])
    }
}

impl IntoResponses for Looking {
    fn responses() -> Responses {
        refer(&[401, 429, 500, 503])
    }
}

impl IntoResponses for Creating {
    fn responses() -> Responses {
        refer(&[400, 401, 403, 409, 413, 415, 429, 500, 503])
    }
}

impl IntoResponses for Changing {
    fn responses() -> Responses {
        refer(&[400, 401, 403, 404, 409, 413, 415, 429, 500, 503])
    }
}

impl IntoResponses for Deleting {
    fn responses() -> Responses {
        refer(&[400, 401, 403, 404, 409, 413, 429, 500, 503])
    }
}

impl IntoResponses for ReadingProject {
    fn responses() -> Responses {
        refer(&[400, 401, 403, 404, 429, 500, 503])
    }
}

impl IntoResponses for Webhooks {
    fn responses() -> Responses {
        refer(&[404, 413, 429, 500, 503])
    }
}

impl IntoResponses for Following {
    fn responses() -> Responses {
        refer(&[400, 404, 429, 500, 503])
    }
}
