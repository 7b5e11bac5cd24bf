//! Notifications on their way to endpoints: one row for each of both.
//!
//! A worker *claims* what is due, sends it, and says how it went. A claim is a lease: whoever dies with one loses it when
//! the time of a try is over, and another sends the same again.

mod claim;
mod finish;
mod list;
mod redeliver;
mod waiting;

pub use claim::{Claimed, IN_FLIGHT, Leased, Room, claim};
pub use finish::{After, Finished, Health, finish, release};
pub use list::{Attempt, Delivery, Filter, count, list};
pub use redeliver::{Selection, now, redeliver};
pub use waiting::{Waiting, waiting};

/// Whether a notification has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// It is to be sent, for the first time or again.
    Pending,
    /// It has.
    Delivered,
    /// It has not, and is not sent again unless it is asked for.
    Failed,
    /// Its endpoint was not sent to when it came; it is kept until it is asked for.
    Parked,
}

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Parked];

    /// As the table and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Parked => "parked",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
