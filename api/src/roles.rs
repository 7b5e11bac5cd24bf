//! What a key may do by its role.

use crate::error::ApiError;
use axum::extract::MatchedPath;
use axum::http::Method;
use store::api_keys::KeyRole;

/// What `finance` may do besides reading.
const FINANCE: [&str; 0] = [];

/// Refuses what a role does not allow. What is not known to be allowed is not.
pub(crate) fn check(role: KeyRole, method: &Method, path: Option<&MatchedPath>) -> Result<(), ApiError> {
    let path = path.map(MatchedPath::as_str).unwrap_or_default();
    if may(role, method, path) {
        return Ok(());
    }
    Err(ApiError::Forbidden(format!("The role of this API key is {}: it may not do this", role.as_str())))
}

fn may(role: KeyRole, method: &Method, path: &str) -> bool {
    match role {
        KeyRole::Full => true,
        KeyRole::Read => method.is_safe(),
        KeyRole::Finance => method.is_safe() || FINANCE.contains(&path),
    }
}
