//! Why a use case did nothing.

use store::{SqlxError, StoreError};

/// Why nothing was done. One variant for each thing that a front end does differently; the messages are for people.
///
/// A transaction in which it came up is to be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value makes no sense here.
    #[error("{message}")]
    Invalid {
        /// The field, as REST writes it.
        field: &'static str,
        /// What to mend.
        message: String,
    },
    /// A value names what does not exist.
    #[error("{message}")]
    Unknown {
        /// The field, as REST writes it.
        field: &'static str,
        /// What does not exist.
        message: String,
    },
    /// What was to be acted on does not exist.
    #[error("{0}")]
    NotFound(String),
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// Others came between each time: the same may succeed when it is asked for again.
    #[error("{0}")]
    Busy(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect of this program, or facts that cannot be folded.
    #[error("{0}")]
    Defect(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    pub(crate) fn unknown(field: &'static str, message: impl Into<String>) -> Self {
        Self::Unknown { field, message: message.into() }
    }

    /// What is written by this program can always be written.
    pub(crate) fn unwritable(source: serde_json::Error) -> Self {
        Self::Defect("a message cannot be written", Box::new(source))
    }
}

impl From<SqlxError> for Error {
    fn from(error: SqlxError) -> Self {
        Self::Store(error.into())
    }
}
