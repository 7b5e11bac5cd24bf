//! `/api/v1/affiliates/{email}/statement`

pub(super) mod get;
mod object;
