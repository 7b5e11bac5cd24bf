//! Errors as one line, for a log or a person.

use std::error::Error;

/// An error with all its causes on one line; a cause that was said already is not said again.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !line.contains(&said) {
            line.push_str(": ");
            line.push_str(&said);
        }
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Failure {
        said: &'static str,
        #[source]
        cause: Option<Box<Failure>>,
    }

    #[test]
    fn each_cause_is_said_once() {
        let refused = Failure { said: "refused", cause: None };
        let connection = Failure { said: "connection refused", cause: Some(Box::new(refused)) };
        let error = Failure { said: "no database", cause: Some(Box::new(connection)) };
        assert_eq!(causes(&error), "no database: connection refused");
    }
}
