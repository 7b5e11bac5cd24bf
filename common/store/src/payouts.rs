//! Payouts: made from what is due, frozen, then paid or canceled (SEMANTICS 13, 14).
//!
//! Whoever makes or closes payouts has the ledger of a project and mode alone; workers that post to it share it
//! (`ledger::lock`). So a payout sees each batch whole or not at all, and a
//! conversion that a caller says is paid is never paid by a payout as well.

mod close;
mod create;
mod fingerprint;
mod notify;
mod object;
mod page;
mod read;

pub use close::{Payment, cancel, mark_paid};
pub use create::{Created, Preview, Request, create, look};
pub use page::{STATUSES, batch, count, page};
pub use read::{Filter, Item, find, items, items_after, list, of_batch};

use super::{StoreError, decode};
use crate::realm;
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, BatchId, PayoutId, Realm};
use domain::money::{Currency, Money};
use domain::payout::Overflow;
use serde_json::Value;

/// One payment to one affiliate in one currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Payout {
    /// Its number.
    pub id: PayoutId,
    /// The batch that it was made with.
    pub batch: BatchId,
    /// Project and mode.
    pub realm: Realm,
    /// Who is paid.
    pub affiliate: AffiliateId,
    /// The affiliate's address, as it was written.
    pub email: String,
    /// The SaaS company's own notes on how to pay.
    pub preferences: Option<Value>,
    /// What is paid.
    pub amount: Money,
    /// How many conversions it is for.
    pub items: i64,
    /// What of its rows was taken back, held or otherwise moved since they were frozen, and no other open payout nets.
    /// The payout pays what it says; the next one nets this.
    pub moved_since: Money,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
}

/// Where a payout stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Frozen; the money has yet to leave.
    Open,
    /// The money left.
    Paid {
        /// When, as whoever marked it said.
        at: DateTime<Utc>,
        /// The bank's or provider's name for the payment.
        reference: String,
        /// Who marked it.
        by: String,
    },
    /// Given up; its rows are free again.
    Canceled {
        /// When.
        at: DateTime<Utc>,
        /// Who gave it up.
        by: String,
        /// Why.
        reason: String,
    },
}

impl State {
    /// As the table writes it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid { .. } => "paid",
            Self::Canceled { .. } => "canceled",
        }
    }
}

/// Why a payout was not made, paid or canceled.
#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key was used for another request.
    #[error(
        "the idempotency key {key:?} made batch {batch} from other options: repeat those, or take a new key"
    )]
    KeyTaken {
        /// The key.
        key: String,
        /// What it made.
        batch: BatchId,
    },
    /// A balance cannot be computed.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// There is no such payout.
    #[error("there is no payout {0}")]
    Unknown(PayoutId),
    /// It is paid, under another reference.
    #[error("payout {id} was paid already, reference {reference:?}")]
    PaidAlready {
        /// The payout.
        id: PayoutId,
        /// Under which reference.
        reference: String,
    },
    /// It was made on a later day than it is said to have been paid.
    #[error("payout {id} was made on {}: it cannot have been paid before", made.format("%Y-%m-%d"))]
    PaidBeforeMade {
        /// The payout.
        id: PayoutId,
        /// When it was made.
        made: DateTime<Utc>,
    },
    /// It is canceled.
    #[error("payout {0} is canceled: its rows may be in another one")]
    Canceled(PayoutId),
}

impl From<sqlx::Error> for PayoutError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl PayoutError {
    /// Two transactions met; the same request succeeds when it is made again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(StoreError::Serialization(_)))
    }
}

struct Row {
    id: i64,
    batch_id: i64,
    project_id: i64,
    livemode: bool,
    affiliate_id: i64,
    user_email: String,
    payout_preferences: Option<Value>,
    currency: String,
    amount_minor: i64,
    items: i64,
    moved_since: i64,
    status: String,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    closed_by: Option<String>,
    paid_at: Option<DateTime<Utc>>,
    reference: Option<String>,
    cancel_reason: Option<String>,
}

impl TryFrom<Row> for Payout {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let currency = Currency::stored(&row.currency).map_err(decode)?;
        let state = match (row.status.as_str(), row.closed_at, row.closed_by) {
            ("open", None, None) => State::Open,
            ("paid", Some(_), Some(by)) => State::Paid {
                at: row.paid_at.ok_or_else(|| decode("a payout paid at no time"))?,
                reference: row.reference.unwrap_or_default(),
                by,
            },
            ("canceled", Some(at), Some(by)) => {
                State::Canceled { at, by, reason: row.cancel_reason.unwrap_or_default() }
            }
            _ => return Err(decode("a payout of an unknown status")),
        };
        Ok(Self {
            id: PayoutId(row.id),
            batch: BatchId(row.batch_id),
            realm: realm(row.project_id, row.livemode),
            affiliate: AffiliateId(row.affiliate_id),
            email: row.user_email,
            preferences: row.payout_preferences,
            amount: Money { minor: row.amount_minor, currency },
            items: row.items,
            moved_since: Money { minor: row.moved_since, currency },
            created_at: row.created_at,
            state,
        })
    }
}
