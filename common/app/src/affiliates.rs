//! Affiliates: entered, changed, closed; and who is resettled by that.

mod change;
mod close;
mod enter;

pub use change::change;
pub use close::close;
pub use enter::{Clear, NewAffiliate, enter};

use crate::Error;
use store::affiliates::WriteError;

/// The error for a caller who wanted this address and this code.
fn refused(error: WriteError, email: &str, code: &str) -> Error {
    match error {
        WriteError::EmailTaken => {
            Error::Conflict(format!("email: {email} belongs to an affiliate of this project already"))
        }
        WriteError::CodeTaken => {
            Error::Conflict(format!("referral_code: {code} belongs, or belonged, to another affiliate"))
        }
        WriteError::Store(error) => error.into(),
    }
}

fn unknown(email: &str) -> Error {
    Error::NotFound(format!("There is no affiliate {}", email.trim()))
}
