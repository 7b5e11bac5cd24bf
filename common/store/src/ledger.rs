//! The ledger's only writer. Settlement and payouts stand above it, and nothing is posted past it.
//!
//! Every entry moves an amount of one conversion, affiliate and currency to or from what is payable, and has one notification,
//! written with it (ADR 30).

pub(crate) mod lock;
mod notified;
mod posted;

use crate::notifications::{self, Cause, NewNotification, Referrers};
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ConversionId, PayoutId};

/// Where what is payable comes from, or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Earned.
    Expense,
    /// Taken back.
    Clawback,
    /// Held.
    Held,
    /// Paid.
    Paid,
}

impl Account {
    fn as_str(self) -> &'static str {
        match self {
            Self::Expense => "expense",
            Self::Clawback => "clawback",
            Self::Held => "held",
            Self::Paid => "paid",
        }
    }
}

const PAYABLE: &str = "payable";

/// An entry to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The signup or payment that it concerns.
    pub(crate) conversion: ConversionId,
    /// Whose account.
    pub(crate) affiliate: AffiliateId,
    /// ISO 4217, lower case.
    pub(crate) currency: String,
    /// The other account.
    pub(crate) account: Account,
    /// By how much what is payable grows, in minor units; not 0.
    pub(crate) payable: i64,
    /// `earned`, `clawed_back`, `paid` …
    pub(crate) movement: &'static str,
    /// The first of its conversion, affiliate and currency.
    pub(crate) is_first: bool,
    /// What brought it about.
    pub(crate) cause: Cause,
    /// The rules by which it was computed.
    pub(crate) rule: Option<i64>,
    /// The payout that it belongs to.
    pub(crate) payout: Option<PayoutId>,
}

impl Entry {
    fn accounts(&self) -> (&'static str, &'static str) {
        if self.payable > 0 { (self.account.as_str(), PAYABLE) } else { (PAYABLE, self.account.as_str()) }
    }
}

/// Posts entries in order, with a notification each, in a fixed number of statements. The rows of their conversions are as
/// they are to be seen.
///
/// # Errors
/// When the database fails, or refuses an entry.
pub(crate) async fn post(connection: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    let news = enter(&mut *connection, entries, &mut Referrers::default()).await?;
    notifications::write(connection, &news).await
}

/// Posts entries in order, and leaves it to the caller to write the notification of each, in the same transaction and in that order.
///
/// # Errors
/// As [`post`].
pub(crate) async fn enter(
    connection: &mut PgConnection,
    entries: &[Entry],
    referrers: &mut Referrers,
) -> Result<Vec<NewNotification>, StoreError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let posted = posted::insert(&mut *connection, entries).await?;
    referrers.look_up(connection, entries.iter().map(|entry| entry.affiliate)).await?;
    notified::of(entries, &posted, referrers)
}
