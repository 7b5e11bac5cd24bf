//! Parameters that several routes share.

use utoipa::IntoParams;

/// Of every call that writes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; idempotency reads it")]
pub(crate) struct Idempotent {
    /// Sent again with the same body it gets the stored answer, for at least 24 hours.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$")]
    idempotency_key: Option<String>,
}

/// Of every call that a worker settles.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; prefer reads it")]
pub(crate) struct Patience {
    /// `wait=N` waits up to so many seconds for the verdict, `respond-async` does not wait.
    #[param(rename = "Prefer", example = "wait=2")]
    prefer: Option<String>,
}

/// Of every list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query; input reads it")]
pub(crate) struct Paging {
    /// The most rows of the page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// Rows to pass over.
    #[param(minimum = 0)]
    offset: Option<i64>,
    /// `next_cursor` of the page before, of the same list, in place of `offset`: stable while rows are inserted.
    #[param(pattern = "^(-?[0-9]{1,15}-[0-9]{1,18}-[0-9a-f]{8})?$")]
    cursor: Option<String>,
}
