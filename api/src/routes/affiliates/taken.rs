//! What stands in the way of an affiliate.

use crate::error::ApiError;
use store::affiliates::WriteError;

/// The error for a caller who wanted this address and this code.
pub(super) fn refused(error: WriteError, email: &str, code: &str) -> ApiError {
    match error {
        WriteError::EmailTaken => {
            ApiError::Conflict(format!("email: {email} belongs to an affiliate of this project already"))
        }
        WriteError::CodeTaken => {
            ApiError::Conflict(format!("referral_code: {code} belongs, or belonged, to another affiliate"))
        }
        WriteError::Store(error) => error.into(),
    }
}
