//! `GET /api/v1/statistics`

pub(crate) mod get;
mod object;
mod request;

use object::Statistics;
