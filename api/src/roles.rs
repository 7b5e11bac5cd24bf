//! What a key may do by its role.

use crate::error::ApiError;
use axum::extract::MatchedPath;
use axum::http::Method;
use store::api_keys::KeyRole;

/// What `finance` may do besides reading: payouts and decisions.
const FINANCE: [&str; 9] = [
    "/api/v1/payouts",
    "/api/v1/payouts/{id}/mark-paid",
    "/api/v1/payouts/{id}/cancel",
    "/api/v1/payout-batches/{id}/mark-paid",
    "/api/v1/conversions/{id}/hold",
    "/api/v1/conversions/{id}/release",
    "/api/v1/conversions/{id}/reject",
    "/api/v1/referrals/{email}/lock",
    "/api/v1/referrals/{email}/unlock",
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finance_pays_and_decides_and_changes_nothing_else() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi().to_json().unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        for allowed in FINANCE {
            assert!(paths[allowed].get("post").is_some(), "{allowed} is no POST");
        }
        for (path, methods) in paths.iter().filter(|(path, _)| path.starts_with("/api/v1/")) {
            for method in methods.as_object().unwrap().keys() {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let is_about_money =
                    path.contains("payout") || path.contains("hold") || path.contains("release");
                let decides = path.contains("reject") || path.ends_with("lock");
                let expected =
                    method == Method::GET || (method == Method::POST && (is_about_money || decides));
                assert_eq!(may(KeyRole::Finance, &method, path), expected, "{method} {path}");
                assert_eq!(may(KeyRole::Read, &method, path), method == Method::GET, "{method} {path}");
                assert!(may(KeyRole::Full, &method, path));
            }
        }
    }
}
