//! A history as Stripe's events and the REST API's commands, each with its own time.
//!
//! The shapes are those of the object's API version, with the fields that matter and none of the
//! dozens that do not: a run reads hundreds of thousands of them. [`stripe::sample`] and the
//! fixtures have the rest.

mod charge;
mod checkout;
mod customer;
mod discount;
mod event;
mod invoice;
mod rest;
mod reversal;

pub(super) use rest::posted;

use super::model::{History, Of, Time};
use queue::envelope::Source;

/// One body as it is delivered.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where it comes from.
    pub source: Source,
    /// The bytes.
    pub body: String,
    /// When it is received for the first time.
    pub received: Time,
}

/// The numbers that a store gave to what a history knows by place.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Affiliates' ids, by place.
    pub affiliates: Vec<i64>,
    /// The conversion ids of posts, by place.
    pub posts: Vec<i64>,
}

impl Numbers {
    /// As they are counted without a store.
    #[must_use]
    pub fn plain(history: &History) -> Self {
        Self {
            affiliates: (1..).take(history.world.affiliates.len()).collect(),
            posts: history.posts.iter().map(|post| post.id).collect(),
        }
    }
}

/// Everything that is told, in the order of the history.
#[must_use]
pub fn events(history: &History, numbers: &Numbers) -> Vec<Told> {
    let mut told = Vec::new();
    customer::tell(history, &mut told);
    invoice::tell(history, &mut told);
    checkout::tell(history, &mut told);
    for (place, intent) in history.intents.iter().enumerate() {
        if let Some(money) = charge::of(history, Of::Intent(place)) {
            money.tell(history, &mut told, intent.at);
        }
    }
    reversal::tell(history, &mut told);
    rest::tell(history, numbers, &mut told);
    told
}
