//! Figures that are summed from a long history.
//!
//! What is read quickly is read each time. What takes longer is kept for a moment, with the time at which it was read, while one task reads it
//! anew; and nobody waits long for the first of it either: the page says that it is being added up, and asks again (ADR 71).

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::timeout};

/// What is read sooner than this is read each time.
const QUICK: Duration = Duration::from_millis(30);
/// A page waits so long for what was never read.
const PATIENCE: Duration = Duration::from_millis(500);
/// What took longer is read anew after so long a time, when somebody looks.
const FRESH: Duration = Duration::from_mins(1);
/// After so long a time nobody is shown it.
const STALE: Duration = Duration::from_hours(1);
/// Figures that are kept.
const MOST: usize = 1_000;
/// Figures that are read anew at a time, of those that are known.
const AT_ONCE: usize = 2;

/// Figures and when they were read.
#[derive(Debug)]
pub(crate) struct At<V> {
    pub(crate) read_at: DateTime<Utc>,
    pub(crate) figures: V,
}

/// Figures by what they are of. Clones are the same.
pub(crate) struct Kept<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    entries: Mutex<Entries<K, V>>,
    turns: Semaphore,
}

struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    /// Counts how often all of it was forgotten.
    forgotten: u64,
}

struct Entry<V> {
    known: Option<(Arc<At<V>>, Instant)>,
    /// Somebody reads it.
    reading: bool,
}

impl<K, V> Clone for Kept<K, V> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        let entries = Entries { by_key: HashMap::new(), forgotten: 0 };
        Self { inner: Arc::new(Inner { entries: Mutex::new(entries), turns: Semaphore::new(AT_ONCE) }) }
    }
}

impl<K, V> Kept<K, V>
where
    K: Clone + Eq + Hash + Debug + Send + 'static,
    V: Send + Sync + 'static,
{
    /// The figures of a key; none while they are being read for the first time.
    ///
    /// # Errors
    /// Those of reading them, where somebody waits for it.
    pub(crate) async fn of<R>(&self, key: K, read: R) -> Result<Option<Arc<At<V>>>, Failure>
    where
        R: Future<Output = Result<At<V>, Failure>> + Send + 'static,
    {
        let (known, read_anew, forgotten) = self.look(&key);
        if !read_anew {
            return Ok(known);
        }
        let kept = self.clone();
        let reading = async move { kept.read(key, read, forgotten).await };
        if known.is_some() {
            let kept = self.clone();
            tokio::spawn(async move {
                // The semaphore is never closed.
                let _turn = kept.inner.turns.acquire().await;
                reading.await
            });
            return Ok(known);
        }
        let reading = tokio::spawn(reading);
        match timeout(PATIENCE, reading).await {
            Ok(Ok(read)) => read.map(Some),
            // It goes on without us; or it broke, which the next look finds out.
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// Forgets all of them, also those that are being read: something was changed.
    pub(crate) fn forget(&self) {
        let mut entries = self.inner.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.by_key.clear();
        entries.forgotten += 1;
    }

    /// What is known, whether the caller is the one to read it, and how often all was forgotten before.
    fn look(&self, key: &K) -> (Option<Arc<At<V>>>, bool, u64) {
        let mut entries = self.inner.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = entries.forgotten;
        if entries.by_key.len() >= MOST {
            entries.by_key.retain(|_, entry| entry.reading);
        }
        let entry = entries.by_key.entry(key.clone()).or_insert(Entry { known: None, reading: false });
        let age = entry.known.as_ref().map(|(_, since)| since.elapsed());
        if age.is_some_and(|age| age >= STALE) {
            entry.known = None;
        }
        let read_anew = !entry.reading && age.is_none_or(|age| age >= FRESH);
        entry.reading |= read_anew;
        (entry.known.as_ref().map(|(known, _)| Arc::clone(known)), read_anew, forgotten)
    }

    async fn read<R>(&self, key: K, read: R, forgotten: u64) -> Result<Arc<At<V>>, Failure>
    where
        R: Future<Output = Result<At<V>, Failure>>,
    {
        let began = Instant::now();
        let read = read.await.map(Arc::new);
        let is_quick = began.elapsed() < QUICK;
        let mut entries = self.inner.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.forgotten == forgotten {
            match &read {
                Ok(read) if !is_quick => {
                    let known = Some((Arc::clone(read), Instant::now()));
                    entries.by_key.insert(key, Entry { known, reading: false });
                }
                Ok(_) => {
                    entries.by_key.remove(&key);
                }
                Err(error) => {
                    tracing::warn!(%error, of = ?key, "figures of the console could not be read");
                    entries.by_key.remove(&key);
                }
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{Ready, ready};
    use tokio::sync::oneshot;

    fn at(figures: u32) -> Ready<Result<At<u32>, Failure>> {
        ready(Ok(At { read_at: DateTime::UNIX_EPOCH, figures }))
    }

    async fn slow(go_on: oneshot::Receiver<()>, figures: u32) -> Result<At<u32>, Failure> {
        let _ = go_on.await;
        at(figures).await
    }

    fn told(found: Result<Option<Arc<At<u32>>>, Failure>) -> Option<u32> {
        found.unwrap().map(|at| at.figures)
    }

    /// Waits until nobody reads.
    async fn settled(kept: &Kept<u8, u32>) {
        while Arc::strong_count(&kept.inner) > 1 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_quick_is_read_each_time() {
        let kept = Kept::default();
        assert_eq!(told(kept.of(1, at(5)).await), Some(5));
        assert_eq!(told(kept.of(1, at(6)).await), Some(6));
    }

    #[tokio::test]
    async fn what_is_slow_is_read_once_for_all_and_kept() {
        let (kept, (go_on, wait)) = (Kept::default(), oneshot::channel());
        assert_eq!(told(kept.of(1, slow(wait, 5)).await), None, "nobody waits for it");
        assert_eq!(told(kept.of(1, at(6)).await), None, "somebody reads it already");
        assert_eq!(told(kept.of(2, at(7)).await), Some(7), "others do not wait for it");
        go_on.send(()).unwrap();
        settled(&kept).await;
        assert_eq!(told(kept.of(1, at(8)).await), Some(5), "it is kept");
        kept.forget();
        assert_eq!(told(kept.of(1, at(8)).await), Some(8), "after an act it is read anew");
    }

    #[tokio::test]
    async fn what_was_read_before_an_act_is_not_kept_after_it() {
        let (kept, (go_on, wait)) = (Kept::default(), oneshot::channel());
        assert_eq!(told(kept.of(1, slow(wait, 5)).await), None);
        kept.forget();
        go_on.send(()).unwrap();
        settled(&kept).await;
        assert_eq!(told(kept.of(1, at(8)).await), Some(8));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_tried_again() {
        let kept = Kept::default();
        let failed = async { Err(Failure::no_page()) };
        assert!(kept.of(1, failed).await.is_err());
        assert_eq!(told(kept.of(1, at(8)).await), Some(8));
    }
}
