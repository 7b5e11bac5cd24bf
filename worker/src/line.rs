//! Batches that were read and wait to be settled, for two who settle. Of batches of one half of the customers one is settled at a time,
//! unless it is held up: whom others concern need not wait for what concerns somebody whom it does not know.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// After so long a batch is held up, by a lock or a long history: one takes a tenth of a second or two.
const HELD_UP: Duration = Duration::from_millis(500);

/// Of which customers a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Any.
    Any,
    /// One half.
    First,
    /// The other.
    Second,
}

/// Those that wait, in their order. How many there may be is for others to say.
pub(crate) struct Line<B> {
    state: Mutex<State<B>>,
    changed: Notify,
}

struct State<B> {
    waiting: VecDeque<(Of, B)>,
    /// Those that were taken and are not done, with when they were taken.
    under_way: Vec<(Of, Instant)>,
    closed: bool,
}

/// A batch is under way, until this is dropped.
pub(crate) struct UnderWay<'a, B> {
    line: &'a Line<B>,
    taken: (Of, Instant),
}

impl<B> Line<B> {
    pub(crate) fn new() -> Self {
        let state = State { waiting: VecDeque::new(), under_way: Vec::new(), closed: false };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Puts one at the end.
    pub(crate) fn put(&self, of: Of, batch: B) {
        self.state().waiting.push_back((of, batch));
        self.changed.notify_waiters();
    }

    /// No more will come.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_waiters();
    }

    /// The first of which no other of the same half is under way, or one that is held up; `None` when all that came were taken. May be cancelled.
    pub(crate) async fn take(&self) -> Option<(B, UnderWay<'_, B>)> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // What changes after the look below is heard of.
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if let Some((of, batch)) = state.next() {
                    let taken = (of, Instant::now());
                    state.under_way.push(taken);
                    return Some((batch, UnderWay { line: self, taken }));
                }
                if state.closed && state.waiting.is_empty() {
                    return None;
                }
            }
            // Nothing may change but the time.
            let _ = timeout(HELD_UP, changed).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> State<B> {
    fn next(&mut self) -> Option<(Of, B)> {
        let holds = |of: Of| {
            self.under_way.iter().any(|(under_way, since)| *under_way == of && since.elapsed() < HELD_UP)
        };
        let is_free = |(of, _): &(Of, B)| *of == Of::Any || !holds(*of);
        let place = self.waiting.iter().position(is_free)?;
        self.waiting.remove(place)
    }
}

impl<B> Drop for UnderWay<'_, B> {
    fn drop(&mut self) {
        let mut state = self.line.state();
        if let Some(place) = state.under_way.iter().position(|taken| *taken == self.taken) {
            state.under_way.swap_remove(place);
        }
        drop(state);
        self.line.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::join;

    #[tokio::test]
    async fn of_one_half_one_is_under_way_at_a_time() {
        let line = Line::new();
        for (number, of) in [Of::First, Of::Second, Of::First, Of::Second, Of::Any].into_iter().enumerate() {
            line.put(of, number);
        }
        let (zero, first) = line.take().await.unwrap();
        let (one, second) = line.take().await.unwrap();
        assert_eq!((zero, one), (0, 1));
        drop(second);
        let (three, second) = line.take().await.unwrap();
        assert_eq!(three, 3, "the first half is under way");
        let (any, _any) = line.take().await.unwrap();
        assert_eq!(any, 4, "what may be of anybody waits for nobody");
        let (two, ()) = join!(line.take(), async { drop(first) });
        assert_eq!(two.unwrap().0, 2);
        drop(second);
    }

    #[tokio::test]
    async fn a_batch_that_is_held_up_holds_up_no_other() {
        let line = Line::new();
        line.put(Of::First, "one");
        line.put(Of::First, "two");
        let began = Instant::now();
        let (_, _first) = line.take().await.unwrap();
        assert_eq!(line.take().await.unwrap().0, "two");
        assert!(began.elapsed() >= HELD_UP);
    }

    #[tokio::test]
    async fn it_ends_when_all_were_taken() {
        let line = Line::new();
        line.put(Of::First, "one");
        let (_, first) = line.take().await.unwrap();
        line.put(Of::First, "two");
        line.close();
        let (two, ()) = join!(line.take(), async { drop(first) });
        assert_eq!(two.unwrap().0, "two");
        assert!(line.take().await.is_none());
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_what_comes_and_of_the_end() {
        let line = Line::new();
        let (one, two, ()) = join!(line.take(), line.take(), async {
            line.put(Of::First, 1);
            line.close();
        });
        let taken: Vec<i32> = one.into_iter().chain(two).map(|(number, _)| number).collect();
        assert_eq!(taken, [1]);
    }
}
