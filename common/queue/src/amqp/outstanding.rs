//! Which deliveries of a channel await an answer, and how few frames answer them.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The delivery tags of one channel that are not yet answered, each with when its message was accepted.
#[derive(Debug, Default)]
pub(super) struct Outstanding(BTreeMap<u64, DateTime<Utc>>);

/// One frame that answers deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) tag: u64,
    /// Also every unanswered tag before it.
    pub(super) multiple: bool,
}

impl Outstanding {
    /// Takes note of a delivery.
    pub(super) fn insert(&mut self, tag: u64, accepted: DateTime<Utc>) {
        self.0.insert(tag, accepted);
    }

    /// When the oldest message was accepted that is not answered.
    pub(super) fn oldest(&self) -> Option<DateTime<Utc>> {
        self.0.values().min().copied()
    }

    /// How many are not answered.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The frames that answer exactly `tags`. `multiple` also answers every older tag, so it is used
    /// as far as the oldest outstanding tags are all among them; the others are answered one by one.
    pub(super) fn answer(&mut self, mut tags: Vec<u64>) -> Vec<Answer> {
        tags.sort_unstable();
        tags.retain(|tag| self.0.contains_key(tag));
        let prefix = self.0.keys().zip(&tags).take_while(|(oldest, tag)| oldest == tag).count();
        for tag in &tags {
            self.0.remove(tag);
        }
        let (together, alone) = tags.split_at(prefix);
        let together = together.last().map(|&tag| Answer { tag, multiple: prefix > 1 });
        together.into_iter().chain(alone.iter().map(|&tag| Answer { tag, multiple: false })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn outstanding(tags: impl IntoIterator<Item = u64>) -> Outstanding {
        Outstanding(tags.into_iter().map(|tag| (tag, DateTime::UNIX_EPOCH)).collect())
    }

    #[test]
    fn a_whole_batch_is_one_frame() {
        let mut channel = outstanding(1..=500);
        assert_eq!(channel.answer((1..=400).collect()), [Answer { tag: 400, multiple: true }]);
        assert_eq!(channel.answer(vec![500]), [Answer { tag: 500, multiple: false }]);
    }

    #[test]
    fn an_older_delivery_in_hand_is_not_answered_along() {
        let mut channel = outstanding(1..=4);
        let one = |tag| Answer { tag, multiple: false };
        assert_eq!(channel.answer(vec![4, 3]), [one(3), one(4)]);
        assert_eq!(channel.answer(vec![3, 1]), [one(1)], "what was answered is not answered again");
    }

    proptest! {
        #[test]
        fn frames_answer_exactly_the_tags(
            all in proptest::collection::btree_set(1_u64..40, 0..30),
            chosen in proptest::collection::vec(1_u64..40, 0..30),
        ) {
            let expected: BTreeSet<u64> = chosen.iter().copied().filter(|tag| all.contains(tag)).collect();
            let mut broker = all.clone();
            let mut answered = BTreeSet::new();
            for Answer { tag, multiple } in outstanding(all).answer(chosen) {
                let now: Vec<u64> =
                    broker.iter().copied().filter(|&t| t == tag || (multiple && t < tag)).collect();
                for tag in now {
                    broker.remove(&tag);
                    answered.insert(tag);
                }
            }
            prop_assert_eq!(answered, expected);
        }
    }
}
