//! Questions to the database of calls that may take long for another reason.

use crate::error::ApiError;
use std::time::Duration;

/// A little less than other calls have in all.
const LIMIT: Duration = Duration::from_secs(4);

/// The answer, unless it takes as long as no other call may.
pub(crate) async fn promptly<T, E: Into<ApiError>>(
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(LIMIT, question).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_elapsed) => Err(ApiError::unavailable("This took too long: send it again")),
    }
}
