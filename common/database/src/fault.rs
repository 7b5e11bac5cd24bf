//! What an error of the database is about: the place, another transaction, or what was to be written.
//!
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>

use sqlx::Error;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The place: the database cannot be reached, or does not answer, or shuts down.
    Away,
    /// The place: it is there and does not let this program do its work, whatever that work is. A password was changed, a
    /// right is missing, its schema is another one, it takes no connections, its files are damaged.
    Refused,
    /// The moment: two transactions met, and the same one succeeds when it is run again.
    Race,
    /// The moment: somebody holds a lock for longer than a live transaction does.
    Occupied,
    /// The size: a statement took longer than it may.
    Slow,
    /// The matter: this statement with these values is refused, and will be again.
    Matter,
}

/// Connection exceptions, insufficient resources, operator intervention, system errors.
const AWAY: [&str; 4] = ["08", "53", "57", "58"];

/// Feature not supported (as when a table changed below a prepared plan), authorisation, unknown database, unknown
/// schema, what is not defined or not granted, wrong state (as of a database that takes no connections), the server's
/// configuration, and its defects.
const REFUSED: [&str; 8] = ["0A", "28", "3D", "3F", "42", "55", "F0", "XX"];

impl Fault {
    /// What an error is about.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed => Self::Away,
            Error::Database(database) => database.code().map_or(Self::Matter, |code| Self::of_code(&code)),
            _ => Self::Matter,
        }
    }

    /// The same by SQLSTATE.
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        match code {
            // serialization_failure, deadlock_detected
            "40001" | "40P01" => Self::Race,
            // lock_not_available
            "55P03" => Self::Occupied,
            // query_canceled: by statement_timeout, or by a person
            "57014" => Self::Slow,
            // read_only_sql_transaction: a standby, until it is promoted or the address leads elsewhere.
            // idle_in_transaction_session_timeout, transaction_timeout: this program had stopped, and goes on.
            "25006" | "25P03" | "25P04" => Self::Away,
            _ if AWAY.iter().any(|class| code.starts_with(class)) => Self::Away,
            _ if REFUSED.iter().any(|class| code.starts_with(class)) => Self::Refused,
            _ => Self::Matter,
        }
    }

    /// Whether it is the place that is at fault, so that nothing can be said of what was to be written.
    #[must_use]
    pub fn is_of_the_place(self) -> bool {
        match self {
            Self::Away | Self::Refused => true,
            Self::Race | Self::Occupied | Self::Slow | Self::Matter => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_place_is_never_the_matters_fault() {
        let classes = [
            "08006", "28P01", "3D000", "42703", "42501", "42P01", "53100", "57P01", "58030", "XX001", "55000",
        ];
        for code in classes {
            assert!(Fault::of_code(code).is_of_the_place(), "{code}");
        }
        for code in ["22021", "22P02", "23503", "23505", "54000", "P0001"] {
            assert_eq!(Fault::of_code(code), Fault::Matter, "{code}");
        }
    }

    #[test]
    fn a_moment_passes() {
        assert_eq!(Fault::of_code("40P01"), Fault::Race);
        assert_eq!(Fault::of_code("55P03"), Fault::Occupied);
        assert_eq!(Fault::of_code("57014"), Fault::Slow);
    }
}
