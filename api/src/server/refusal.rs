//! Answers to what never becomes a request: written below HTTP, in the one form that every error has.

use crate::error;
use crate::request_id;
use axum::http::StatusCode;

/// Why no request came of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Unreadable,
    BareLineFeed,
    Host,
    Length,
    UriTooLong,
    HeadTooLarge,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Unreadable | Self::BareLineFeed | Self::Host | Self::Length => StatusCode::BAD_REQUEST,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Unreadable => "This is no HTTP request",
            Self::BareLineFeed => "The lines of a request's head end with a carriage return and a line feed",
            Self::Host => "A request names its host once, in a Host header",
            Self::Length => "A request has one Content-Length, or Transfer-Encoding: chunked, and not both",
            Self::UriTooLong => "The address of this request is too long",
            Self::HeadTooLarge => "The headers of this request are too many or too long",
        }
    }

    /// The whole answer; the connection is closed after it.
    pub(super) fn answer(self) -> Vec<u8> {
        let (status, id) = (self.status(), request_id::make());
        let id = id.to_str().unwrap_or_default();
        let body = error::below_http(status, self.message(), id);
        let reason = status.canonical_reason().unwrap_or_default();
        let mut answer = format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nX-Request-Id: {id}\r\nConnection: close\r\n\r\n",
            status.as_u16(),
            body.len(),
        )
        .into_bytes();
        answer.extend_from_slice(&body);
        answer
    }
}
