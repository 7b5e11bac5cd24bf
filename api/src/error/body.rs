//! The body of an error, in either form.

use super::code::ErrorCode;
use super::{ApiError, Detail};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::api_keys::ErrorForm;
use utoipa::ToSchema;

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    /// Always false.
    success: bool,
    error: ErrorObject<'a>,
}

/// The same for clients that print `error` as it is.
#[derive(Serialize)]
struct TextBody<'a> {
    success: bool,
    error: &'a str,
    error_detail: &'a ErrorObject<'a>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct ErrorObject<'a> {
    /// For programs.
    #[schema(value_type = ErrorCode, example = "invalid_parameters")]
    code: &'a str,
    /// For people.
    #[schema(example = "Missing required parameter: email")]
    message: String,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    details: &'a [Detail],
    /// Names the request in our logs.
    request_id: &'a str,
}

/// The body that tells of an error.
pub(crate) fn of_error(error: &ApiError, request_id: &str, form: ErrorForm) -> Vec<u8> {
    let (status, code) = error.kind();
    let object = ErrorObject {
        code,
        message: error.to_string(),
        status: status.as_u16(),
        details: &error.details(),
        request_id,
    };
    render(object, form)
}

/// The body of an error that was kept as an object, with the id of the request that it answers now.
pub(crate) fn with_request_id(kept: &[u8], request_id: &str, form: ErrorForm) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(kept).unwrap_or_default();
    if let Some(id) = body.pointer_mut("/error/request_id") {
        *id = request_id.into();
    }
    let body = match form {
        ErrorForm::Object => body,
        ErrorForm::Text => {
            let object = body["error"].take();
            json!({"success": false, "error": object["message"], "error_detail": object})
        }
    };
    body.to_string().into_bytes()
}

/// The body of an error that the router answered by itself: an unknown path, a wrong method.
pub(crate) fn of_status(status: StatusCode, request_id: &str, form: ErrorForm) -> Vec<u8> {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this path"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This path does not take this method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "The body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "Send JSON"),
        status if status.is_client_error() => ("invalid_parameters", "The request cannot be read"),
        _ => ("internal", "Something went wrong on our side"),
    };
    let object =
        ErrorObject { code, message: message.to_owned(), status: status.as_u16(), details: &[], request_id };
    render(object, form)
}

/// The body of an answer to what never became a request.
pub(crate) fn below_http(status: StatusCode, message: &str, request_id: &str) -> Vec<u8> {
    let object = ErrorObject {
        code: "invalid_parameters",
        message: message.to_owned(),
        status: status.as_u16(),
        details: &[],
        request_id,
    };
    render(object, ErrorForm::Object)
}

fn render(object: ErrorObject<'_>, form: ErrorForm) -> Vec<u8> {
    let written = match form {
        ErrorForm::Object => serde_json::to_vec(&ErrorBody { success: false, error: object }),
        ErrorForm::Text => {
            serde_json::to_vec(&TextBody { success: false, error: &object.message, error_detail: &object })
        }
    };
    // Strings and numbers always serialize.
    written.unwrap_or_default()
}
