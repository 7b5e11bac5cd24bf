//! `Prefer: wait=N` and `respond-async` (RFC 7240).

use axum::http::{HeaderMap, HeaderName};
use std::time::Duration;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// How long a write waits for its verdict when nothing is said.
const DEFAULT: Duration = Duration::from_secs(1);

/// The longest wait: below the time in which every request is answered.
const LONGEST: Duration = Duration::from_secs(4);

/// How long a caller wants to wait for the verdict.
pub(crate) fn wait(headers: &HeaderMap) -> Duration {
    wait_for(headers, DEFAULT, LONGEST)
}

/// How long a caller wants to wait: `default` when nothing is said, `longest` when it is more.
pub(crate) fn wait_for(headers: &HeaderMap, default: Duration, longest: Duration) -> Duration {
    let preferences = headers.get_all(PREFER);
    let preferences = preferences.iter().filter_map(|value| value.to_str().ok());
    let mut asked = None;
    for preference in preferences.flat_map(|value| value.split([',', ';'])) {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        if name.trim().eq_ignore_ascii_case("respond-async") {
            // "At once" unless a time is named as well.
            asked.get_or_insert(Duration::ZERO);
        } else if name.trim().eq_ignore_ascii_case("wait")
            && let Ok(seconds) = value.trim().trim_matches('"').parse()
        {
            asked = Some(Duration::from_secs(seconds));
        }
    }
    asked.unwrap_or(default).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Duration {
        wait(&values.iter().map(|value| (PREFER, value.parse().unwrap())).collect())
    }

    #[test]
    fn the_caller_names_its_patience() {
        assert_eq!(of(&[]), DEFAULT);
        assert_eq!(of(&["wait=2"]), Duration::from_secs(2));
        assert_eq!(of(&["respond-async"]), Duration::ZERO);
        assert_eq!(of(&["respond-async, wait=3"]), Duration::from_secs(3));
        assert_eq!(of(&["handling=lenient", "Wait = 3"]), Duration::from_secs(3));
        assert_eq!(of(&["wait=soon"]), DEFAULT);
        assert_eq!(of(&["wait=86400"]), LONGEST);
        assert_eq!(of(&["wait=0"]), Duration::ZERO);
    }
}
