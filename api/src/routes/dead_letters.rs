//! `/api/v1/dead-letters`

pub(super) mod discard;
pub(super) mod get;
pub(super) mod list;
mod object;
pub(super) mod retry;

use object::DeadLetter;
