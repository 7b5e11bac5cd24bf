//! Which parts of a batch are still to be settled, and what became of each message. Pure.
//!
//! A part that fails is split in halves until the message to blame is alone: of 500 messages with one
//! that is poison, the other 499 are settled in about nine more transactions. Whoever is passed by, since somebody else
//! holds what it needs, leaves the others behind at once.

use std::collections::BTreeSet;

/// How often one part is run again because it met other transactions.
const MAX_CONFLICTS: u32 = 8;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing yet.
    Open,
    /// Its effects are committed.
    Settled,
    /// It met other transactions each time, or somebody who does not let go.
    Later(String),
    /// It cannot be settled.
    Poison(String),
}

/// Messages that are settled in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Their places in the batch.
    pub(super) places: Vec<usize>,
    conflicts: u32,
    /// Whether a part of them waited in vain before: they have waited enough.
    pub(super) hurried: bool,
}

/// The parts of a batch.
pub(super) struct Parts {
    open: Vec<Part>,
    fates: Vec<Fate>,
}

impl Parts {
    /// Starts with all of them as one part.
    pub(super) fn new(length: usize) -> Self {
        let all = Part { places: (0..length).collect(), conflicts: 0, hurried: false };
        let open = if length == 0 { Vec::new() } else { vec![all] };
        Self { open, fates: vec![Fate::Open; length] }
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
        if part.conflicts < MAX_CONFLICTS {
            self.open.push(Part { conflicts: part.conflicts + 1, ..part });
        } else {
            self.split(&part, &Fate::Later(reason.to_owned()));
        }
    }

    /// Somebody holds what some of its messages need, as far as is known by their places in the part: they wait, and the
    /// others do not. When it is not known which, halves will tell.
    pub(super) fn pass_by(&mut self, part: &Part, occupied: &BTreeSet<usize>, reason: &str) {
        let later = Fate::Later(reason.to_owned());
        if occupied.is_empty() {
            return self.split(&Part { hurried: true, ..part.clone() }, &later);
        }
        let mut others = Part { places: Vec::new(), conflicts: 0, hurried: true };
        for (index, place) in part.places.iter().enumerate() {
            if occupied.contains(&index) {
                self.set(*place, &later);
            } else {
                others.places.push(*place);
            }
        }
        if !others.places.is_empty() {
            self.open.push(others);
        }
    }

    /// It took too long.
    pub(super) fn halve(&mut self, part: &Part, reason: &str) {
        self.split(part, &Fate::Later(reason.to_owned()));
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
        if part.places.len() <= 1 {
            return self.mark(part, alone);
        }
        let (first, second) = part.places.split_at(part.places.len() / 2);
        for half in [second, first] {
            self.open.push(Part { places: half.to_vec(), conflicts: 0, hurried: part.hurried });
        }
    }

    fn mark(&mut self, part: &Part, fate: &Fate) {
        for place in &part.places {
            self.set(*place, fate);
        }
    }

    fn set(&mut self, place: usize, fate: &Fate) {
        if let Some(standing) = self.fates.get_mut(place) {
            fate.clone_into(standing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_poison_of_500_takes_nobody_with_it() {
        let mut parts = Parts::new(500);
        let mut transactions = 0;
        while let Some(part) = parts.next() {
            transactions += 1;
            if part.places.contains(&321) { parts.isolate(&part, "bad") } else { parts.settled(&part) }
        }
        let fates = parts.fates();
        assert!(transactions <= 20, "{transactions} transactions");
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Settled).count(), 499);
        assert_eq!(fates.get(321), Some(&Fate::Poison("bad".to_owned())));
    }

    #[test]
    fn who_is_passed_by_keeps_nobody() {
        let mut parts = Parts::new(500);
        let part = parts.next().unwrap();
        parts.pass_by(&part, &BTreeSet::from([3, 321]), "a replay");
        let others = parts.next().unwrap();
        assert_eq!((others.places.len(), others.hurried), (498, true));
        parts.settled(&others);
        assert!(parts.next().is_none());
        let later = |fate: &&Fate| **fate == Fate::Later("a replay".to_owned());
        assert_eq!(parts.fates().iter().filter(later).count(), 2);
    }

    #[test]
    fn one_row_that_nobody_lets_go_of_is_found_by_halves() {
        let mut parts = Parts::new(500);
        let mut waits = 0;
        while let Some(part) = parts.next() {
            if part.places.contains(&321) {
                waits += 1;
                parts.pass_by(&part, &BTreeSet::new(), "a lock");
            } else {
                parts.settled(&part);
            }
        }
        assert!(waits <= 10, "{waits} waits");
        assert_eq!(parts.fates().get(321), Some(&Fate::Later("a lock".to_owned())));
    }

    #[test]
    fn races_end_with_a_retry_of_each_message_alone() {
        let mut parts = Parts::new(2);
        let mut runs = 0;
        while let Some(part) = parts.next() {
            runs += 1;
            parts.run_again(part, "met another");
        }
        assert_eq!(runs, 3 * (MAX_CONFLICTS + 1));
        assert_eq!(parts.fates(), vec![Fate::Later("met another".to_owned()); 2]);
    }

    #[test]
    fn what_was_put_back_stays_open() {
        let mut parts = Parts::new(2);
        if let Some(part) = parts.next() {
            parts.put_back(part);
        }
        assert_eq!(parts.fates(), [Fate::Open, Fate::Open]);
    }
}
