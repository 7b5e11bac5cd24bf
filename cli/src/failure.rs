//! How a command fails: with one clear line.

use crate::embedded::EmbeddedError;
use common::telemetry;
use serde_json::json;

/// Prints why the command failed to standard error. What PostgreSQL said, when it did not start,
/// stands before the line. A standard error that nobody reads holds nothing up.
pub(crate) fn print(error: &anyhow::Error, as_json: bool) {
    let line = one_line(error);
    if as_json {
        return telemetry::say(&json!({"error": line}).to_string());
    }
    match error.downcast_ref().and_then(EmbeddedError::log_tail) {
        Some(tail) => telemetry::say(&format!("{tail}\n\nerror: {line}")),
        None => telemetry::say(&format!("error: {line}")),
    }
}

/// The error and its causes in one line; a cause that was said already is not said again.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn causes_are_joined_once_and_on_one_line() {
        let error =
            anyhow!("connection\n  refused").context("no answer: connection refused").context("cannot list");
        assert_eq!(one_line(&error), "cannot list: no answer: connection refused");
    }
}
