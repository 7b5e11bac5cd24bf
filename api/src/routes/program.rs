//! `/api/v1/program`

pub(super) mod change;
pub(super) mod get;
mod object;
pub(super) mod simulate;
