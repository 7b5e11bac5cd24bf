//! Request ids: the caller's own when it is harmless, else one of ours.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The header, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// A longer one is not echoed: it would only fill logs.
const MAX_LENGTH: usize = 128;

/// Tells the processes apart; the counter tells the requests of one apart.
static PROCESS: LazyLock<String> = LazyLock::new(|| {
    let id = uuid::Uuid::now_v7().simple().to_string();
    id.get(..20).unwrap_or(&id).to_owned()
});
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The id of a request: echoed or made.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(HEADER) {
        Some(id) if is_harmless(id.as_bytes()) => id.clone(),
        Some(_) | None => make(),
    }
}

/// A new one.
pub(crate) fn make() -> HeaderValue {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{}{number:012x}", *PROCESS))
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

fn is_harmless(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_header(id: &'static str) -> HeaderValue {
        of(&HeaderMap::from_iter([(HEADER, HeaderValue::from_static(id))]))
    }

    #[test]
    fn a_harmless_id_is_echoed_and_any_other_is_replaced() {
        assert_eq!(of_header("req-1.a:b"), "req-1.a:b");
        assert_ne!(of_header("a b"), "a b");
        assert_ne!(of_header("<script>"), "<script>");
        assert_ne!(of_header(""), "");
    }

    #[test]
    fn made_ids_differ() {
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
