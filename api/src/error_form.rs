//! In which form a caller wants errors: said by the request itself, else by its key (ADR 23).

use crate::auth::Keys;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use store::api_keys::ErrorForm;

/// `text` or `object`.
const HEADER: HeaderName = HeaderName::from_static("tributary-errors");

/// What a request says of it.
pub(crate) struct Wanted {
    asked: Option<ErrorForm>,
    authorization: Option<HeaderValue>,
}

impl Wanted {
    /// Of a request, before it is answered.
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        let asked = headers.get(HEADER).and_then(|value| value.to_str().ok());
        Self {
            asked: asked.and_then(|word| ErrorForm::parse(&word.trim().to_ascii_lowercase())),
            authorization: headers.get(header::AUTHORIZATION).cloned(),
        }
    }

    /// Of its answer. What is refused before its key is looked at, for a limit or for time, goes by
    /// what was last seen of that key.
    pub(crate) fn form(&self, answer: &Response, keys: &Keys) -> ErrorForm {
        let of_caller = answer.extensions().get::<ErrorForm>().copied();
        self.asked
            .or(of_caller)
            .or_else(|| keys.last_error_form(self.authorization.as_ref()?))
            .unwrap_or_default()
    }
}
