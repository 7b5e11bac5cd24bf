//! How long the server lets a session wait, sleep or work: settings that travel with the connection.

use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// How long a session may sleep within a transaction, with whatever it has locked. A fold between two statements takes
/// milliseconds, seconds on a machine that is badly overloaded; so a longer silence is a frozen program, and its locks
/// are needed by those that live.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);

/// How long bytes may stay unacknowledged, or a receiver's window shut, before the server ends the session: the host of
/// the other end is gone, or the program there reads nothing any more.
const UNACKNOWLEDGED: Duration = Duration::from_secs(8);

/// An idle connection is probed after this long, then every [`PROBE`] up to [`PROBES`] times: a host that vanished
/// without a word is known to be gone 8 s later.
const UNPROBED: Duration = Duration::from_secs(4);
const PROBE: Duration = Duration::from_secs(2);
const PROBES: u32 = 2;

/// What the server enforces in one session. Over a Unix socket the settings of TCP are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a statement waits for a lock that somebody else holds (SQLSTATE 55P03).
    pub lock: Duration,
    /// How long a statement may take in all (SQLSTATE 57014).
    pub statement: Duration,
}

impl Limits {
    /// For services, which have others to serve: two workers that meet hold each other's rows for a fraction of a second.
    pub const SERVICE: Self = Self { lock: Duration::from_secs(2), statement: Duration::from_secs(5) };

    /// For requests: a row that somebody keeps is waited for as long as a free connection is, and a statement a little less
    /// than a request.
    pub const REQUEST: Self = Self { lock: Duration::from_secs(2), statement: Duration::from_secs(4) };

    /// Adds the settings to those of a connection.
    #[must_use]
    pub fn apply(self, options: PgConnectOptions) -> PgConnectOptions {
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        options.options([
            ("lock_timeout", milliseconds(self.lock)),
            ("statement_timeout", milliseconds(self.statement)),
            ("idle_in_transaction_session_timeout", milliseconds(IDLE_IN_TRANSACTION)),
            ("tcp_user_timeout", milliseconds(UNACKNOWLEDGED)),
            ("tcp_keepalives_idle", UNPROBED.as_secs().to_string()),
            ("tcp_keepalives_interval", PROBE.as_secs().to_string()),
            ("tcp_keepalives_count", PROBES.to_string()),
        ])
    }
}
