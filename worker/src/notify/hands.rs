//! What is in hand: of each endpoint, what is being sent and what has its turn next.
//!
//! An endpoint that answers at once is given several deliveries with one claim, and they are sent one after the other as its
//! bound allows. So it takes one statement for many of them, and no more are under way than for any other.

use domain::ids::EndpointId;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};
use store::deliveries::{IN_FLIGHT, Leased};

/// Tries that are under way at once in one worker.
pub(super) const PLACES: usize = 64;
/// Deliveries that may wait for their turn beside them.
const WAITING: usize = 192;
/// An endpoint that answers so fast is given several deliveries at once.
const QUICK: Duration = Duration::from_millis(250);
/// What waited longer for its turn is given back: its lease has to last for the try.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is in hand of all endpoints.
pub(super) struct Hands<T> {
    by_endpoint: HashMap<EndpointId, Hand<T>>,
    /// Those that answered their last try at once.
    quick: HashSet<EndpointId>,
    under_way: BTreeSet<Leased>,
    waiting: usize,
}

struct Hand<T> {
    under_way: usize,
    waiting: VecDeque<Turn<T>>,
}

/// A delivery that waits for its turn.
pub(super) struct Turn<T> {
    pub(super) leased: Leased,
    pub(super) endpoint: EndpointId,
    pub(super) what: T,
    pub(super) since: Instant,
}

/// How a try ended, as far as it matters to those that wait behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) leased: Leased,
    pub(super) endpoint: EndpointId,
    pub(super) arrived: bool,
    pub(super) took: Duration,
}

impl<T> Default for Hands<T> {
    fn default() -> Self {
        Self { by_endpoint: HashMap::new(), quick: HashSet::new(), under_way: BTreeSet::new(), waiting: 0 }
    }
}

impl<T> Hands<T> {
    /// How many may be claimed: none while no place is free, and more than there are places only of those that are quick.
    pub(super) fn room(&self) -> usize {
        let beside = if self.quick.is_empty() { 0 } else { WAITING };
        match PLACES.saturating_sub(self.under_way.len()) {
            0 => 0,
            places => (places + beside).saturating_sub(self.waiting),
        }
    }

    /// The endpoints that are given several at once.
    pub(super) fn quick(&self) -> Vec<EndpointId> {
        self.quick.iter().copied().collect()
    }

    /// Takes what was claimed.
    pub(super) fn take(&mut self, turn: Turn<T>) {
        let empty = || Hand { under_way: 0, waiting: VecDeque::new() };
        self.by_endpoint.entry(turn.endpoint).or_insert_with(empty).waiting.push_back(turn);
        self.waiting += 1;
    }

    /// Those whose turn it is: they are under way from now on.
    pub(super) fn begin(&mut self) -> Vec<Turn<T>> {
        let mut turns = Vec::new();
        for hand in self.by_endpoint.values_mut() {
            while hand.under_way < IN_FLIGHT && self.under_way.len() < PLACES {
                let Some(turn) = hand.waiting.pop_front() else { break };
                self.under_way.insert(turn.leased);
                self.waiting -= 1;
                hand.under_way += 1;
                turns.push(turn);
            }
        }
        turns
    }

    /// One has ended. Tells what is to be given back, since its endpoint is not quick.
    pub(super) fn end(&mut self, ended: Ended) -> Vec<Leased> {
        self.under_way.remove(&ended.leased);
        let is_quick = ended.arrived && ended.took <= QUICK;
        if is_quick {
            self.quick.insert(ended.endpoint);
        } else {
            self.quick.remove(&ended.endpoint);
        }
        if let Some(hand) = self.by_endpoint.get_mut(&ended.endpoint) {
            hand.under_way = hand.under_way.saturating_sub(1);
        }
        self.give_back(|turn| turn.endpoint == ended.endpoint && !is_quick)
    }

    /// What waited too long, to be given back.
    pub(super) fn late(&mut self, now: Instant) -> Vec<Leased> {
        self.give_back(|turn| now.saturating_duration_since(turn.since) > PATIENCE)
    }

    /// All that waits for its turn, to be given back.
    pub(super) fn waiting(&mut self) -> Vec<Leased> {
        self.give_back(|_| true)
    }

    /// What is under way.
    pub(super) fn under_way(&self) -> Vec<Leased> {
        self.under_way.iter().copied().collect()
    }

    fn give_back(&mut self, which: impl Fn(&Turn<T>) -> bool) -> Vec<Leased> {
        let mut back = Vec::new();
        for hand in self.by_endpoint.values_mut() {
            hand.waiting.retain(|turn| {
                let goes = which(turn);
                back.extend(goes.then_some(turn.leased));
                !goes
            });
        }
        self.waiting -= back.len();
        self.by_endpoint.retain(|_, hand| hand.under_way > 0 || !hand.waiting.is_empty());
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::DeliveryId;
    use uuid::Uuid;

    fn turn(endpoint: i64, delivery: i64, since: Instant) -> Turn<()> {
        let leased = Leased { delivery: DeliveryId(delivery), lease: Uuid::nil() };
        Turn { leased, endpoint: EndpointId(endpoint), what: (), since }
    }

    fn hands(endpoint: i64, deliveries: impl Iterator<Item = i64>, since: Instant) -> Hands<()> {
        let mut hands = Hands::default();
        deliveries.for_each(|delivery| hands.take(turn(endpoint, delivery, since)));
        hands
    }

    fn numbers(leased: impl IntoIterator<Item = Leased>) -> Vec<i64> {
        leased.into_iter().map(|leased| leased.delivery.0).collect()
    }

    fn ended(turn: &Turn<()>, arrived: bool, millis: u64) -> Ended {
        let Turn { leased, endpoint, .. } = *turn;
        Ended { leased, endpoint, arrived, took: Duration::from_millis(millis) }
    }

    #[test]
    fn an_endpoint_has_its_bound_under_way_and_the_next_begins_when_one_ends() {
        let mut hands = hands(1, 0..6, Instant::now());
        let begun = hands.begin();
        assert_eq!(numbers(begun.iter().map(|turn| turn.leased)), [0, 1, 2, 3]);
        assert!(hands.begin().is_empty());
        assert!(hands.end(ended(&begun[2], true, 1)).is_empty());
        assert_eq!(numbers(hands.begin().into_iter().map(|turn| turn.leased)), [4]);
        assert_eq!(numbers(hands.under_way()), [0, 1, 3, 4]);
        assert_eq!(numbers(hands.waiting()), [5]);
    }

    #[test]
    fn whoever_is_slow_or_fails_keeps_nothing_waiting() {
        for (arrived, millis) in [(true, 251), (false, 1)] {
            let mut hands = hands(1, 0..6, Instant::now());
            hands.take(turn(2, 6, Instant::now()));
            let begun = hands.begin();
            let first = begun.iter().find(|turn| turn.endpoint == EndpointId(1)).unwrap();
            assert_eq!(numbers(hands.end(ended(first, arrived, millis))), [4, 5]);
            assert!(hands.quick().is_empty());
            assert_eq!(hands.under_way().len(), 4);
        }
    }

    #[test]
    fn more_than_there_are_places_is_claimed_of_the_quick_only() {
        let mut hands = hands(1, 0..1, Instant::now());
        let begun = hands.begin();
        assert_eq!(hands.room(), PLACES - 1);
        hands.end(ended(&begun[0], true, 1));
        assert_eq!((hands.room(), hands.quick()), (PLACES + WAITING, vec![EndpointId(1)]));
        for endpoint in 0..64 {
            hands.take(turn(endpoint, 100 + endpoint, Instant::now()));
        }
        hands.begin();
        assert_eq!(hands.room(), 0, "no place is free");
    }

    #[test]
    fn what_waits_too_long_is_given_back() {
        let began = Instant::now();
        let mut hands = hands(1, 0..6, began);
        hands.begin();
        assert!(hands.late(began + PATIENCE).is_empty());
        assert_eq!(numbers(hands.late(began + PATIENCE + Duration::from_millis(1))), [4, 5]);
    }
}
