//! Bodies on their way in: read before anything else is taken for a request, and bounded together.
//!
//! A body that comes slowly holds what has come of it, and nothing else. When bodies are too many, the one that has been
//! coming longest is given up; when they are too large together, the largest is. So strangers who send for ever push out
//! one another, and a body that comes whole never waits.

use crate::error::ApiError;
use axum::body::{Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use futures::future::{Either, select};
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Bodies that are coming at a time.
const MOST: usize = 2_048;

/// Bytes of all bodies, from their first byte until their request is answered.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// A body's memory grows by this much, so that it takes no more than it counts.
const STEP: usize = 64 * 1024;

/// How long a body may take. Stripe gives a whole webhook some 20 s.
const LONGEST: Duration = Duration::from_secs(5);

/// All bodies that are read or in use.
#[derive(Clone)]
pub(crate) struct Bodies(Arc<Shared>);

struct Shared {
    most: usize,
    most_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of all bodies, those in use included.
    bytes: usize,
    next: u64,
    /// The bodies that are coming; the first has been for longest.
    coming: BTreeMap<u64, Coming>,
}

struct Coming {
    bytes: usize,
    /// Dropped when the body is given up.
    _give_up: oneshot::Sender<()>,
}

/// A whole body, which counts until it is dropped.
pub(crate) struct Whole {
    pub(crate) bytes: Bytes,
    /// Counts them.
    pub(crate) kept: Kept,
}

/// Bytes that count until this is dropped.
pub(crate) struct Kept {
    bodies: Bodies,
    bytes: usize,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::new(MOST, MOST_BYTES)
    }
}

impl Bodies {
    fn new(most: usize, most_bytes: usize) -> Self {
        Self(Arc::new(Shared { most, most_bytes, state: Mutex::default() }))
    }

    /// Refuses a body by what its head says of it.
    pub(crate) fn check_announced(headers: &HeaderMap, limit: usize) -> Result<(), ApiError> {
        let announced: Option<usize> =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        match announced {
            Some(length) if length > limit => Err(ApiError::PayloadTooLarge { limit }),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads a body to its end, `limit` bytes at most.
    pub(crate) async fn read<B>(&self, headers: &HeaderMap, body: B, limit: usize) -> Result<Whole, ApiError>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::check_announced(headers, limit)?;
        let (turn, given_up) = self.enter();
        let given_up = async {
            // Sent never; it is dropped.
            let _ = given_up.await;
        };
        let read = tokio::time::timeout(LONGEST, turn.read(body, limit));
        match select(pin!(given_up), pin!(read)).await {
            Either::Left(_) => Err(ApiError::unavailable("Too much is coming in at once: send it again")),
            Either::Right((Ok(whole), _)) => whole,
            Either::Right((Err(_elapsed), _)) => {
                Err(ApiError::unavailable("The body did not come in time: send it again"))
            }
        }
    }

    fn enter(&self) -> (Turn, oneshot::Receiver<()>) {
        let (sender, given_up) = oneshot::channel();
        let mut state = self.lock();
        if state.coming.len() >= self.0.most
            && let Some((_, oldest)) = state.coming.pop_first()
        {
            state.bytes = state.bytes.saturating_sub(oldest.bytes);
        }
        let id = state.next;
        state.next = state.next.wrapping_add(1);
        state.coming.insert(id, Coming { bytes: 0, _give_up: sender });
        (Turn { bodies: self.clone(), id }, given_up)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that is coming.
struct Turn {
    bodies: Bodies,
    id: u64,
}

impl Turn {
    async fn read<B>(self, body: B, limit: usize) -> Result<Whole, ApiError>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut body = pin!(body);
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let unreadable = |_| ApiError::InvalidJson("The body could not be read to its end".to_owned());
            let Ok(data) = frame.map_err(Into::into).map_err(unreadable)?.into_data() else { continue };
            if whole.len().saturating_add(data.len()) > limit {
                return Err(ApiError::PayloadTooLarge { limit });
            }
            self.grow(data.len());
            // Copied, as a part may keep a whole buffer of its connection alive.
            if whole.capacity().saturating_sub(whole.len()) < data.len() {
                whole.reserve_exact(if whole.is_empty() { data.len() } else { data.len().max(STEP) });
            }
            whole.extend_from_slice(&data);
        }
        Ok(Whole { kept: self.keep(whole.len()), bytes: Bytes::from(whole) })
    }

    /// Counts what has come. When it is too much, the largest bodies are given up, this one perhaps.
    fn grow(&self, bytes: usize) {
        let mut state = self.bodies.lock();
        let Some(coming) = state.coming.get_mut(&self.id) else { return };
        coming.bytes = coming.bytes.saturating_add(bytes);
        state.bytes = state.bytes.saturating_add(bytes);
        while state.bytes > self.bodies.0.most_bytes {
            let largest =
                state.coming.iter().max_by_key(|(id, coming)| (coming.bytes, std::cmp::Reverse(**id)));
            let Some(id) = largest.map(|(id, _)| *id) else { return };
            let given_up = state.coming.remove(&id).map_or(0, |coming| coming.bytes);
            state.bytes = state.bytes.saturating_sub(given_up);
        }
    }

    /// The body has come. Given up in this very moment, it counts no more.
    fn keep(&self, bytes: usize) -> Kept {
        let came = self.bodies.lock().coming.remove(&self.id).is_some();
        Kept { bodies: self.bodies.clone(), bytes: if came { bytes } else { 0 } }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.bodies.lock();
        if let Some(coming) = state.coming.remove(&self.id) {
            state.bytes = state.bytes.saturating_sub(coming.bytes);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut state = self.bodies.lock();
        state.bytes = state.bytes.saturating_sub(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::convert::Infallible;
    use tokio::sync::mpsc;

    type Parts = mpsc::UnboundedSender<usize>;

    /// A body that comes as it is told.
    fn coming(bodies: &Bodies) -> (Parts, tokio::task::JoinHandle<Result<Whole, ApiError>>) {
        let (parts, told) = mpsc::unbounded_channel::<usize>();
        let stream = futures::stream::unfold(told, async |mut told| {
            let length = told.recv().await?;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; length]))), told))
        });
        let bodies = bodies.clone();
        let read =
            async move { bodies.read(&HeaderMap::new(), StreamBody::new(Box::pin(stream)), 1_000).await };
        (parts, tokio::spawn(read))
    }

    async fn until_held(bodies: &Bodies, bytes: usize) {
        while bodies.lock().bytes != bytes {
            tokio::task::yield_now().await;
        }
    }

    fn is_given_up(read: Result<Result<Whole, ApiError>, tokio::task::JoinError>) -> bool {
        matches!(read.unwrap(), Err(ApiError::Unavailable { .. }))
    }

    #[tokio::test]
    async fn of_too_many_the_one_that_came_longest_is_given_up() {
        let bodies = Bodies::new(2, 10_000);
        let (slow, slow_read) = coming(&bodies);
        slow.send(1).unwrap();
        until_held(&bodies, 1).await;
        let (other, other_read) = coming(&bodies);
        other.send(2).unwrap();
        until_held(&bodies, 3).await;
        let whole = bodies.read(&HeaderMap::new(), Full::new(Bytes::from_static(b"quick")), 1_000).await;
        assert_eq!(whole.ok().unwrap().bytes, "quick");
        assert!(is_given_up(slow_read.await));
        drop(other);
        assert_eq!(other_read.await.unwrap().ok().unwrap().bytes.len(), 2);
    }

    #[tokio::test]
    async fn of_too_large_ones_the_largest_is_given_up() {
        let bodies = Bodies::new(10, 1_000);
        let (small, small_read) = coming(&bodies);
        small.send(10).unwrap();
        until_held(&bodies, 10).await;
        let (large, large_read) = coming(&bodies);
        large.send(600).unwrap();
        until_held(&bodies, 610).await;
        let (third, third_read) = coming(&bodies);
        third.send(500).unwrap();
        assert!(is_given_up(large_read.await));
        until_held(&bodies, 510).await;
        drop((small, third));
        let (small, third) =
            (small_read.await.unwrap().ok().unwrap(), third_read.await.unwrap().ok().unwrap());
        assert_eq!(bodies.lock().bytes, 510);
        drop((small, third));
        assert_eq!(bodies.lock().bytes, 0);
    }

    #[tokio::test]
    async fn a_body_over_its_limit_is_refused_and_counts_no_more() {
        let bodies = Bodies::default();
        let (large, read) = coming(&bodies);
        for _ in 0..2 {
            large.send(501).unwrap();
        }
        assert!(matches!(read.await.unwrap(), Err(ApiError::PayloadTooLarge { limit: 1_000 })));
        let state = bodies.lock();
        assert_eq!((state.bytes, state.coming.len()), (0, 0));
    }
}
