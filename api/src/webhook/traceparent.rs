//! The caller's W3C trace context (<https://www.w3.org/TR/trace-context/#traceparent-header>), handed
//! on to the worker.

use axum::http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header, if it is well formed.
pub(crate) fn of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(TRACEPARENT)?.to_str().ok()?;
    let mut parts = value.split('-');
    let lengths = [2, 32, 16, 2];
    let well_formed = lengths.iter().all(|length| {
        parts.next().is_some_and(|part| {
            part.len() == *length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    });
    (well_formed && parts.next().is_none()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static str) -> Option<String> {
        of(&HeaderMap::from_iter([(TRACEPARENT, value.parse().unwrap())]))
    }

    #[test]
    fn only_a_well_formed_context_travels_on() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(read(good).as_deref(), Some(good));
        assert_eq!(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"), None);
        assert_eq!(read("00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01"), None);
        assert_eq!(read("nonsense"), None);
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
