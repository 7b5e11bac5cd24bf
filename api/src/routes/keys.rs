//! `/api/v1/keys`

pub(super) mod create;
pub(super) mod list;
mod object;
pub(super) mod revoke;

use object::Key;
