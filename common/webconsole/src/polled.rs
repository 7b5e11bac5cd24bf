//! What open pages ask for again and again: read once for all who ask at nearly the same time.

use crate::failure::Failure;
use maud::Markup;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Less than half of the time between two questions of one page.
const SHARED_FOR: Duration = Duration::from_secs(2);
/// Projects in their modes.
const MOST: usize = 1_000;

/// A part of a page, with the time at which it was read; nothing before that.
type Part = Arc<Mutex<Option<(Instant, Markup)>>>;

/// Parts of pages by what they are of. Clones are the same.
#[derive(Clone)]
pub(crate) struct Polled<K>(Arc<Mutex<HashMap<K, Part>>>);

impl<K> Default for Polled<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Polled<K> {
    /// What somebody read a moment ago; else it is read, and who comes meanwhile for the same waits for it.
    pub(crate) async fn of(
        &self,
        key: K,
        read: impl Future<Output = Result<Markup, Failure>>,
    ) -> Result<Markup, Failure> {
        let part = self.part(key).await;
        let mut part = part.lock().await;
        if let Some((_, markup)) = part.as_ref().filter(|(at, _)| at.elapsed() < SHARED_FOR) {
            return Ok(markup.clone());
        }
        let markup = read.await?;
        *part = Some((Instant::now(), markup.clone()));
        Ok(markup)
    }

    async fn part(&self, key: K) -> Part {
        let mut parts = self.0.lock().await;
        if parts.len() >= MOST && !parts.contains_key(&key) {
            parts.clear();
        }
        Arc::clone(parts.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::html;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn all_who_ask_at_once_are_one_to_the_database() {
        let (polled, read) = (Polled::default(), AtomicUsize::new(0));
        let ask = |key: u8| {
            polled.of(key, async {
                read.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(html! { "now" })
            })
        };
        let (one, another, third) = tokio::join!(ask(1), ask(1), ask(1));
        assert!([one, another, third].into_iter().all(|answer| answer.unwrap().into_string() == "now"));
        assert_eq!(read.load(Ordering::Relaxed), 1);
        ask(2).await.unwrap();
        assert_eq!(read.load(Ordering::Relaxed), 2, "another project is another question");
    }

    #[tokio::test]
    async fn a_project_that_is_read_slowly_keeps_no_other_waiting() {
        let polled = Polled::default();
        let slow = polled.of(1, std::future::pending());
        tokio::select! {
            biased;
            _ = slow => unreachable!("it is never read"),
            other = polled.of(2, async { Ok(html! { "now" }) }) => assert!(other.is_ok()),
        }
    }

    #[tokio::test]
    async fn a_failure_is_nobodys_answer_but_its_own() {
        let polled = Polled::default();
        assert!(polled.of(1, async { Err(Failure::no_page()) }).await.is_err());
        assert!(polled.of(1, async { Ok(html! { "now" }) }).await.is_ok());
    }
}
