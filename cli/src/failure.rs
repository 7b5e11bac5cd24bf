//! How a command fails: with one clear line.

use crate::embedded::EmbeddedError;
use serde_json::json;
use std::io::{Write, stderr};

/// Prints why the command failed to standard error. What PostgreSQL said, when it did not start,
/// stands before the line.
pub(crate) fn print(error: &anyhow::Error, as_json: bool) {
    let line = one_line(error);
    let mut out = stderr().lock();
    // Nobody is left to tell when standard error is gone.
    let _ = if as_json {
        writeln!(out, "{}", json!({"error": line}))
    } else {
        if let Some(tail) = error.downcast_ref().and_then(EmbeddedError::log_tail) {
            let _ = writeln!(out, "{tail}\n");
        }
        writeln!(out, "error: {line}")
    };
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
