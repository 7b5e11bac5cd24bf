//! Reading a Stripe account's history: day by day of each list, through the same queue and the same reader as webhooks (ADR 46).

mod begin;
mod walk;

pub use begin::{Asked, Begun, RulesAsOf, begin, settings, span};
pub use walk::{Progress, Walk};

use crate::Error;
use domain::ids::Mode;
use store::StoreError;
use stripe::client::FetchError;
use stripe::history::{List, Unlisted};

/// So many calls a second are made in live mode, and in test mode: Stripe allows 25 at each address, and the account has other
/// callers (<https://docs.stripe.com/rate-limits>).
#[must_use]
pub fn calls_per_second(mode: Mode) -> u32 {
    match mode {
        Mode::Live => 20,
        Mode::Test => 10,
    }
}

/// Why history was not read to its end. What was read stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for makes no sense, or the database failed.
    #[error(transparent)]
    App(#[from] Error),
    /// Stripe did not answer, or refused.
    #[error("the list of {} cannot be read: {source}", list.as_str())]
    Stripe {
        /// Which list.
        list: List,
        /// Why.
        source: FetchError,
    },
    /// An object of a list cannot be told.
    #[error(transparent)]
    Unlisted(#[from] Unlisted),
    /// What was listed is not known after all.
    #[error(
        "{count} of what {} lists for {day} are not in the inbox: {}; is a worker running? dead-letters list shows what none \
         could settle",
        list.as_str(),
        events.join(", ")
    )]
    Unknown {
        /// Which list.
        list: List,
        /// Which day of it.
        day: String,
        /// How many.
        count: i64,
        /// The first few.
        events: Vec<String>,
    },
    /// Another process has it in hand.
    #[error("another process reads this history")]
    Taken,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<store::SqlxError> for Failure {
    fn from(error: store::SqlxError) -> Self {
        Self::App(error.into())
    }
}
