//! Which parts of a batch are still to be settled, and what became of each message. Pure.
//!
//! A part that fails is split in halves until the message to blame is alone: of 500 messages with one
//! that is poison, the other 499 are settled in about nine more transactions.

use std::ops::Range;

/// How often one part is run again because it met other transactions.
const MAX_RACES: u32 = 8;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing yet.
    Open,
    /// Its effects are committed.
    Settled,
    /// It met other transactions each time.
    Later(String),
    /// It cannot be settled.
    Poison(String),
}

/// Messages that are settled in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) range: Range<usize>,
    races: u32,
}

/// The parts of a batch.
pub(super) struct Parts {
    open: Vec<Part>,
    fates: Vec<Fate>,
}

impl Parts {
    /// Starts with what was never in other hands as one part, and each suspect as one of its own,
    /// after the others: a message that kills its worker then takes no others with it.
    pub(super) fn new(suspects: impl Iterator<Item = bool>) -> Self {
        let mut open: Vec<Part> = Vec::new();
        let mut alone: Vec<Part> = Vec::new();
        let mut length = 0;
        for (place, suspect) in suspects.enumerate() {
            length = place + 1;
            if suspect {
                alone.push(Part::new(place..length));
            } else if let Some(last) = open.last_mut().filter(|last| last.range.end == place) {
                last.range.end = length;
            } else {
                open.push(Part::new(place..length));
            }
        }
        open.reverse();
        alone.reverse();
        alone.append(&mut open);
        Self { open: alone, fates: vec![Fate::Open; length] }
    }

    /// The next part to settle.
    pub(super) fn next(&mut self) -> Option<Part> {
        self.open.pop()
    }

    /// Its effects are committed.
    pub(super) fn settled(&mut self, part: &Part) {
        self.mark(part, &Fate::Settled);
    }

    /// It was not to blame.
    pub(super) fn put_back(&mut self, part: Part) {
        self.open.push(part);
    }

    /// It met another transaction: the same again, but not for ever.
    pub(super) fn run_again(&mut self, part: Part, reason: &str) {
        if part.races < MAX_RACES {
            self.open.push(Part { races: part.races + 1, ..part });
        } else {
            self.split(&part, &Fate::Later(reason.to_owned()));
        }
    }

    /// Something in it cannot be settled.
    pub(super) fn isolate(&mut self, part: &Part, reason: &str) {
        self.split(part, &Fate::Poison(reason.to_owned()));
    }

    /// What became of each message, in the order of the batch.
    pub(super) fn fates(self) -> Vec<Fate> {
        self.fates
    }

    fn split(&mut self, part: &Part, alone: &Fate) {
        let Range { start, end } = part.range;
        if end.saturating_sub(start) <= 1 {
            return self.mark(part, alone);
        }
        let middle = start.midpoint(end);
        self.open.push(Part::new(middle..end));
        self.open.push(Part::new(start..middle));
    }

    fn mark(&mut self, part: &Part, fate: &Fate) {
        for place in self.fates.get_mut(part.range.clone()).into_iter().flatten() {
            fate.clone_into(place);
        }
    }
}

impl Part {
    fn new(range: Range<usize>) -> Self {
        Self { range, races: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_poison_of_500_takes_nobody_with_it() {
        let mut parts = Parts::new(std::iter::repeat_n(false, 500));
        let mut transactions = 0;
        while let Some(part) = parts.next() {
            transactions += 1;
            if part.range.contains(&321) { parts.isolate(&part, "bad") } else { parts.settled(&part) }
        }
        let fates = parts.fates();
        assert!(transactions <= 20, "{transactions} transactions");
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Settled).count(), 499);
        assert_eq!(fates.get(321), Some(&Fate::Poison("bad".to_owned())));
    }

    #[test]
    fn suspects_come_alone_and_last() {
        let suspects = [false, true, false, false, true];
        let mut parts = Parts::new(suspects.into_iter());
        let ranges: Vec<_> = std::iter::from_fn(|| parts.next()).map(|part| part.range).collect();
        assert_eq!(ranges, [0..1, 2..4, 1..2, 4..5]);
    }

    #[test]
    fn races_end_with_a_retry_of_each_message_alone() {
        let mut parts = Parts::new(std::iter::repeat_n(false, 2));
        let mut runs = 0;
        while let Some(part) = parts.next() {
            runs += 1;
            parts.run_again(part, "met another");
        }
        assert_eq!(runs, 3 * (MAX_RACES + 1));
        assert_eq!(parts.fates(), vec![Fate::Later("met another".to_owned()); 2]);
    }

    #[test]
    fn what_was_put_back_stays_open() {
        let mut parts = Parts::new(std::iter::repeat_n(false, 2));
        if let Some(part) = parts.next() {
            parts.put_back(part);
        }
        assert_eq!(parts.fates(), [Fate::Open, Fate::Open]);
    }
}
