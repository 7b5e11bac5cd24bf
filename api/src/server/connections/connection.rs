//! One connection, as those see it who decide whether it may stay.

use super::Times;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a connection is doing.
pub(crate) struct Connection {
    state: Mutex<State>,
    finish: CancellationToken,
    close: CancellationToken,
}

struct State {
    phase: Phase,
    /// The requests that are being answered, each with the time its answer last went on; none before it begins.
    open: BTreeMap<u64, Option<Instant>>,
    next: u64,
    /// Since when the client has not taken what was written.
    blocked: Option<Instant>,
}

/// What the client is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// To end the head of a request that it has begun, or to begin at all.
    Head(Instant),
    /// To send a request, when it likes.
    Idle(Instant),
    /// Nothing: it is being answered.
    Answered,
}

/// Whether a connection may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// It may.
    No,
    /// It has nothing to do here.
    Finish,
    /// It has kept us waiting.
    Close,
}

impl Connection {
    pub(super) fn new(now: Instant) -> Self {
        let state = State { phase: Phase::Head(now), open: BTreeMap::new(), next: 0, blocked: None };
        Self { state: Mutex::new(state), finish: CancellationToken::new(), close: CancellationToken::new() }
    }

    /// The client has begun a head.
    pub(crate) fn head_has_begun(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Head(Instant::now());
        }
    }

    /// The client speaks HTTP/2: its requests begin and end as it likes, and hyper pings it.
    pub(crate) fn speaks_http_2(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Head(_)) {
            state.phase = Phase::Idle(Instant::now());
        }
    }

    /// What was written is not taken, or is again.
    pub(crate) fn is_blocked(&self, since: Option<Instant>) {
        self.lock().blocked = since;
    }

    /// A request has come; it is open until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Open {
        let mut state = self.lock();
        let id = state.next;
        state.next = state.next.wrapping_add(1);
        state.open.insert(id, None);
        state.phase = Phase::Answered;
        Open { id, connection: Arc::clone(self) }
    }

    /// Since when it could be closed without harm.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        match self.lock().phase {
            Phase::Head(since) | Phase::Idle(since) if !self.close.is_cancelled() => Some(since),
            Phase::Head(_) | Phase::Idle(_) | Phase::Answered => None,
        }
    }

    pub(super) fn due(&self, now: Instant, times: &Times) -> Due {
        let state = self.lock();
        let is_over = |since: Instant, time| now.saturating_duration_since(since) > time;
        let stalled =
            state.open.values().flatten().chain(&state.blocked).any(|since| is_over(*since, times.write));
        match state.phase {
            _ if stalled => Due::Close,
            Phase::Head(since) if is_over(since, times.head) => Due::Close,
            Phase::Idle(since) if is_over(since, times.idle) => Due::Finish,
            Phase::Head(_) | Phase::Idle(_) | Phase::Answered => Due::No,
        }
    }

    /// Lets it end what it has begun.
    pub(super) fn finish(&self) {
        self.finish.cancel();
    }

    /// Ends it.
    pub(super) fn close(&self) {
        self.close.cancel();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.close.is_cancelled()
    }

    /// Returns when it is to end what it has begun.
    pub(crate) async fn finishing(&self) {
        self.finish.cancelled().await;
    }

    /// Returns when it is to end.
    pub(crate) async fn closing(&self) {
        self.close.cancelled().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request from its head to the end of its answer.
pub(crate) struct Open {
    id: u64,
    connection: Arc<Connection>,
}

impl Open {
    /// The answer has begun, or a part of it was taken.
    pub(crate) fn goes_on(&self) {
        self.connection.lock().open.insert(self.id, Some(Instant::now()));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.connection.lock();
        state.open.remove(&self.id);
        if state.open.is_empty() {
            state.phase = Phase::Idle(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const TIMES: Times =
        Times { head: Duration::from_secs(5), idle: Duration::from_mins(1), write: Duration::from_secs(10) };

    fn due_in(connection: &Connection, seconds: u64) -> Due {
        connection.due(Instant::now() + Duration::from_secs(seconds), &TIMES)
    }

    #[test]
    fn each_phase_has_its_time() {
        let connection = Arc::new(Connection::new(Instant::now()));
        assert_eq!((due_in(&connection, 4), due_in(&connection, 6)), (Due::No, Due::Close));
        let open = connection.begin();
        assert_eq!(due_in(&connection, 3600), Due::No);
        open.goes_on();
        assert_eq!((due_in(&connection, 9), due_in(&connection, 11)), (Due::No, Due::Close));
        drop(open);
        assert_eq!((due_in(&connection, 59), due_in(&connection, 61)), (Due::No, Due::Finish));
        connection.head_has_begun();
        assert_eq!((due_in(&connection, 4), due_in(&connection, 6)), (Due::No, Due::Close));
    }

    #[test]
    fn http_2_may_be_idle_between_frames() {
        let connection = Arc::new(Connection::new(Instant::now()));
        connection.speaks_http_2();
        assert_eq!((due_in(&connection, 59), due_in(&connection, 61)), (Due::No, Due::Finish));
    }

    #[test]
    fn who_takes_nothing_is_not_waited_for() {
        let connection = Arc::new(Connection::new(Instant::now()));
        let _open = connection.begin();
        connection.is_blocked(Some(Instant::now()));
        assert_eq!((due_in(&connection, 9), due_in(&connection, 11)), (Due::No, Due::Close));
        connection.is_blocked(None);
        assert_eq!(due_in(&connection, 11), Due::No);
    }
}
