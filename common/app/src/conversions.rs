//! Conversions that callers tell of: posted, changed, taken back.
//!
//! Each is a row at once, so that its id is known, and a command that a worker settles; both or neither. A transaction
//! that met another one is run again, so these have transactions of their own.

mod accept;
mod post;
mod repeat;
mod revise;

pub use accept::{Accepted, accept};
pub use post::Post;
pub use revise::{Change, Revised, revise};

use crate::Error;
use domain::ids::ConversionId;

/// How often a transaction is run when others come between: as often as people ever need.
const ATTEMPTS: usize = 5;

/// There is no such conversion.
#[must_use]
pub fn unknown(id: ConversionId) -> Error {
    Error::NotFound(format!("There is no conversion {id}"))
}
