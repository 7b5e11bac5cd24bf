//! Bodies that are JSON, of requests and of answers.

use axum::http::{HeaderMap, HeaderValue, header};

/// What every answer is.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Says of an answer whose body was replaced that it is JSON.
pub(crate) fn mark_as_json(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.remove(header::CONTENT_LENGTH);
}

/// Whether a body says so of itself, in no other words.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE) == Some(&JSON)
}
