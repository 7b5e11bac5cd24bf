//! Reading what a caller sent: every field that is wrong is named, all at once.

mod codes;
mod fields;
#[cfg(test)]
mod fuzz;
mod page;
mod time;
mod unknown;

pub(crate) use codes::MAX_REFERRAL_CODE;
pub(crate) use fields::{Fields, MAX_REASON, MAX_TEXT, MAX_URL};
pub(crate) use page::{PageOf, page};
pub(crate) use time::{first_moment, moment_after};
pub(crate) use unknown::Warnings;

use crate::auth::Caller;
use crate::cursor::List;
use crate::error::ApiError;
use crate::media_type;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header, request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

/// The longest body of the REST API.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// Reads a body to its end, or says that it is too large.
pub(crate) async fn read_body(body: axum::body::Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::PayloadTooLarge { limit: MAX_BODY }),
        Err(_) => Err(ApiError::InvalidJson("The body could not be read to its end".to_owned())),
    }
}

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    /// A JSON object.
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let body = read_body(request.into_body()).await?;
        if !is_json {
            return Err(ApiError::UnsupportedMediaType);
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(object)) => Ok(Self::new(object)),
            Ok(_) => Err(ApiError::InvalidJson("The body must be a JSON object".to_owned())),
            Err(_) if body.is_empty() => Err(ApiError::InvalidJson("The body is empty".to_owned())),
            Err(error) => Err(ApiError::InvalidJson(format!("The body is not JSON: {error}"))),
        }
    }
}

/// The fields of a body that may be left out.
pub(crate) struct OptionalFields(pub(crate) Fields);

impl<S: Sync> FromRequest<S> for OptionalFields {
    type Rejection = ApiError;

    /// A JSON object, null, or nothing at all.
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let body = read_body(body).await?;
        if matches!(body.trim_ascii(), b"" | b"null") {
            return Ok(Self(Fields::new(Map::new())));
        }
        Fields::from_request(Request::from_parts(parts, body.into()), state).await.map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    media_type::is_json(headers)
        || essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

/// The parameters of a query; the last of several with one name counts.
pub(crate) struct Query(pub(crate) Fields);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| ApiError::field("query", error.body_text()))?;
        let pairs = pairs.0.into_iter().filter(|(_, value)| !value.is_empty());
        let texts = pairs.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>();
        let list = List::of(parts.uri.path(), parts.extensions.get::<Caller>());
        Ok(Self(Fields::of_texts(texts).of_list(list)))
    }
}

/// One parameter of the path, decoded.
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|error| ApiError::field("path", error.body_text()))
    }
}

/// A number in a path.
pub(crate) struct Id(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, ApiError> {
        let Segment(text) = Segment::from_request_parts(parts, state).await?;
        parse_id("id", &text).map(Self)
    }
}

/// Reads an id.
pub(crate) fn parse_id(field: &str, text: &str) -> Result<i64, ApiError> {
    text.parse()
        .ok()
        .filter(|id| *id > 0)
        .ok_or_else(|| ApiError::field(field, format!("{field} must be a positive integer")))
}
