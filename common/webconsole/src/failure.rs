//! Why a page is not the one that was asked for, in words and on a page of its own.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use store::{SqlxError, StoreError, users::UserRole};

/// Why. What is behind a defect is logged, and not shown.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nobody is signed in.
    #[error("Sign in first.")]
    SignedOut,
    /// A form that no page of ours sent, or one of a session that is over.
    #[error(
        "This form was not sent from a page of this session. Open the page again, and send it from there."
    )]
    Forged,
    /// The role has no such right.
    #[error("Your role is {}: it may not do this.", .0.as_str())]
    Forbidden(UserRole),
    #[error("{0}")]
    NotFound(String),
    /// What was sent makes no sense, or contradicts what is there.
    #[error("{0}")]
    Refused(String),
    /// It may succeed later.
    #[error("{0}")]
    Unavailable(&'static str),
    #[error("Something went wrong on our side.")]
    Defect(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// There is no such page.
    pub(crate) fn no_page() -> Self {
        Self::NotFound("There is no such page.".to_owned())
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forged | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Defect(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What it is called in a heading.
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Self::SignedOut => "You are not signed in",
            Self::Forged => "This was not done",
            Self::Forbidden(_) => "You may not do this",
            Self::NotFound(_) => "Not found",
            Self::Refused(_) => "This cannot be done",
            Self::Unavailable(_) => "Not now",
            Self::Defect(_) => "An error",
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Refused(_) => {
                Self::Unavailable("The database is not there. Try again in a moment.")
            }
            StoreError::Serialization(_) | StoreError::Occupied(_) => {
                Self::Unavailable("Somebody else is changing the same. Try again in a moment.")
            }
            StoreError::Slow(_) => Self::Unavailable("This took too long. Ask for less, or try again."),
            StoreError::Constraint { .. } | StoreError::Other(_) => Self::Defect(Arc::new(error)),
        }
    }
}

impl From<SqlxError> for Failure {
    fn from(error: SqlxError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Invalid { message, .. }
            | app::Error::Unknown { message, .. }
            | app::Error::Conflict(message) => Self::Refused(message),
            app::Error::NotFound(message) => Self::NotFound(message),
            app::Error::Busy(message) => Self::Unavailable(message),
            app::Error::Store(error) => error.into(),
            app::Error::Defect(..) => Self::Defect(Arc::new(error)),
        }
    }
}

impl IntoResponse for Failure {
    /// Without a body: the guard, which knows who asks, writes the page.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
