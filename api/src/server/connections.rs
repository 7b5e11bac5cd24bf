//! All open connections: how many there may be, which of them have to go, and when.
//!
//! One task looks at all of them twice a second, so that a connection needs no timers of its own.

mod connection;

pub(super) use connection::{Connection, Open};

use connection::Due;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often connections are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Of a hundred connections one has to go when there are too many: looking for them costs a look at all.
const GO_AT_ONCE: usize = 100;

/// How long what a client does, and does not, may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// From the first byte of a head to its last.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// For the next part of an answer to be taken.
    pub(super) write: Duration,
}

/// The open connections.
pub(super) struct Connections {
    most: usize,
    times: Times,
    open: Mutex<Registry>,
    /// A connection was closed.
    closed: Notify,
}

#[derive(Default)]
struct Registry {
    next: u64,
    connections: HashMap<u64, Arc<Connection>>,
}

impl Connections {
    pub(super) fn new(most: usize, times: Times) -> Self {
        Self { most, times, open: Mutex::default(), closed: Notify::new() }
    }

    /// Waits until there is room for one more. Whoever is there makes room, if it is not being answered.
    pub(super) async fn room(&self) {
        loop {
            let closed = self.closed.notified();
            if self.make_room() {
                return;
            }
            closed.await;
        }
    }

    fn make_room(&self) -> bool {
        let registry = self.lock();
        let closing = registry.connections.values().filter(|connection| connection.is_closed());
        if registry.connections.len() < self.most
            || registry.connections.len().saturating_sub(closing.count()) < self.most
        {
            return true;
        }
        let idle = registry.connections.values().filter_map(|one| Some((one.idle_since()?, one)));
        let mut idle: Vec<(Instant, &Arc<Connection>)> = idle.collect();
        let going = (self.most / GO_AT_ONCE).max(1).min(idle.len());
        if going == 0 {
            return false;
        }
        idle.select_nth_unstable_by_key(going.saturating_sub(1), |(since, _)| *since);
        idle.into_iter().take(going).for_each(|(_, connection)| connection.close());
        true
    }

    /// Takes a connection in; it leaves when the guard is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        let connection = Arc::new(Connection::new(Instant::now()));
        let mut registry = self.lock();
        let id = registry.next;
        registry.next = registry.next.wrapping_add(1);
        registry.connections.insert(id, Arc::clone(&connection));
        Entered { id, connection, connections: Arc::clone(self) }
    }

    /// Closes those whose time is over, for ever.
    pub(super) async fn watch(&self) {
        let mut every = tokio::time::interval(LOOK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let now = every.tick().await.into_std();
            for connection in self.lock().connections.values() {
                match connection.due(now, &self.times) {
                    Due::No => {}
                    Due::Finish => connection.finish(),
                    Due::Close => connection.close(),
                }
            }
        }
    }

    /// Lets each connection answer what it was asked, and no more; waits until all are closed.
    pub(super) async fn finish(&self) {
        self.lock().connections.values().for_each(|connection| connection.finish());
        loop {
            let closed = self.closed.notified();
            if self.lock().connections.is_empty() {
                return;
            }
            closed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection among the others, until it is dropped.
pub(super) struct Entered {
    id: u64,
    pub(super) connection: Arc<Connection>,
    connections: Arc<Connections>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.connections.lock().connections.remove(&self.id);
        self.connections.closed.notify_waiters();
        self.connections.closed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times =
        Times { head: Duration::from_secs(5), idle: Duration::from_mins(1), write: Duration::from_secs(10) };

    #[tokio::test]
    async fn who_waits_longest_makes_room_and_who_is_answered_stays() {
        let connections = Arc::new(Connections::new(3, TIMES));
        let entered: Vec<Entered> = (0..3).map(|_| connections.enter()).collect();
        let _answered = entered[0].connection.begin();
        connections.room().await;
        let closed: Vec<bool> = entered.iter().map(|entered| entered.connection.is_closed()).collect();
        assert_eq!(closed, [false, true, false]);
    }

    #[tokio::test]
    async fn when_all_are_answered_one_more_waits() {
        let connections = Arc::new(Connections::new(1, TIMES));
        let entered = connections.enter();
        let answered = entered.connection.begin();
        let room = tokio::time::timeout(Duration::from_millis(20), connections.room());
        assert!(room.await.is_err());
        let room = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { connections.room().await }
        });
        drop(answered);
        drop(entered);
        room.await.unwrap();
    }
}
