//! The one error type, and the one place that picks the status of an answer.

mod body;
mod code;

pub(crate) use body::{ErrorBody, below_http, of_error, of_status, with_request_id};
#[cfg(test)]
pub(crate) use code::CODES;

use crate::limits::Allowance;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::Mode;
use serde::Serialize;
use std::sync::Arc;
use store::StoreError;
use utoipa::ToSchema;

/// Why a request is not answered as it was meant.
///
/// The message of a 4xx tells the caller what to mend; what is behind a 5xx is only logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Parameters that are missing, of the wrong type or without sense.
    #[error("{message}")]
    InvalidParameters { message: String, details: Vec<Detail> },
    /// A field names what does not exist, or not in this project and mode.
    #[error("{message}")]
    Unknown { field: &'static str, message: String },
    #[error("{0}")]
    InvalidJson(String),
    #[error("{0}")]
    InvalidSignature(String),
    #[error("{0}")]
    Unauthorized(&'static str),
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Conflict(String),
    /// The `Idempotency-Key` belongs to another request, or its request still runs.
    #[error("{message}")]
    IdempotencyConflict { message: String, retry_after: Option<u64> },
    #[error("The body is larger than {limit} bytes")]
    PayloadTooLarge { limit: usize },
    #[error("Send JSON, with Content-Type: application/json")]
    UnsupportedMediaType,
    #[error("{0}")]
    MethodNotAllowed(&'static str),
    #[error("Too many requests: wait {} s", .0.retry_after)]
    RateLimited(Allowance),
    /// Nothing is wrong with the request; it may succeed later.
    #[error("{message}")]
    Unavailable {
        message: &'static str,
        retry_after: u64,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A defect of this program.
    #[error("Something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Detail {
    /// The field, as the caller wrote it.
    #[schema(example = "email")]
    pub(crate) field: String,
    /// What to mend.
    #[schema(example = "Missing required parameter: email")]
    pub(crate) message: String,
}

/// Seconds after which a failed store may be there again.
const RETRY_SOON: u64 = 1;

impl ApiError {
    /// One field that is wrong.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let details = vec![Detail { field: field.to_owned(), message: message.clone() }];
        Self::InvalidParameters { message, details }
    }

    /// A field names what is not there.
    pub(crate) fn unknown(field: &'static str, message: String) -> Self {
        Self::Unknown { field, message }
    }

    /// Something we depend on is not there.
    pub(crate) fn unavailable(message: &'static str) -> Self {
        Self::Unavailable { message, retry_after: RETRY_SOON, source: None }
    }

    /// A defect of this program.
    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Its status and its code.
    pub(crate) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidParameters { .. } | Self::Unknown { .. } => {
                (StatusCode::BAD_REQUEST, "invalid_parameters")
            }
            Self::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
            Self::InvalidSignature(_) => (StatusCode::BAD_REQUEST, "invalid_signature"),
            Self::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::IdempotencyConflict { .. } => (StatusCode::CONFLICT, "idempotency_conflict"),
            Self::PayloadTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::InvalidParameters { details, .. } => details.clone(),
            Self::Unknown { field, message } => {
                vec![Detail { field: (*field).to_owned(), message: message.clone() }]
            }
            _ => Vec::new(),
        }
    }

    /// The same with the mode in which nothing was found, for live keys: the commonest reason is data of
    /// test mode.
    pub(crate) fn in_mode(&self, mode: Mode) -> Option<Self> {
        match self {
            _ if mode == Mode::Test => None,
            Self::NotFound(message) => Some(Self::NotFound(format!("{message} in {mode} mode"))),
            Self::Unknown { field, message } => {
                Some(Self::Unknown { field, message: format!("{message}; there is none in {mode} mode") })
            }
            _ => None,
        }
    }

    /// What its answer says in headers.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let retry_after = match self {
            Self::IdempotencyConflict { retry_after, .. } => *retry_after,
            Self::RateLimited(allowance) => Some(allowance.retry_after),
            Self::Unavailable { retry_after, .. } => Some(*retry_after),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        match self {
            Self::MethodNotAllowed(allow) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            Self::Unauthorized(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        headers
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_)
            | StoreError::Serialization(_)
            | StoreError::Occupied(_)
            | StoreError::Slow(_) => Self::Unavailable {
                message: "The database does not answer right now: try again",
                retry_after: RETRY_SOON,
                source: Some(Box::new(error)),
            },
            StoreError::Refused(_) | StoreError::Constraint { .. } | StoreError::Other(_) => {
                Self::Internal(Box::new(error))
            }
        }
    }
}

impl From<app::Error> for ApiError {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Invalid { field, message } => Self::field(field, message),
            app::Error::Unknown { field, message } => Self::Unknown { field, message },
            app::Error::NotFound(message) => Self::NotFound(message),
            app::Error::Conflict(message) => Self::Conflict(message),
            app::Error::Busy(message) => Self::unavailable(message),
            app::Error::Store(error) => error.into(),
            app::Error::Defect(..) => Self::internal(error),
        }
    }
}

impl From<store::SqlxError> for ApiError {
    fn from(error: store::SqlxError) -> Self {
        Self::from(StoreError::from(error))
    }
}

/// An error on its way to the edge, which writes the body: only there the request id is known.
#[derive(Clone)]
pub(crate) struct Fault(pub(crate) Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, _) = self.kind();
        let headers = self.headers();
        let mut response = (status, headers).into_response();
        response.extensions_mut().insert(Fault(Arc::new(self)));
        response
    }
}

/// The body of an error that was kept and is sent again: only at the edge the request id is known.
#[derive(Clone)]
pub(crate) struct KeptError(pub(crate) Vec<u8>);
