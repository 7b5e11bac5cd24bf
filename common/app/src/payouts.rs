//! Payouts: made from what is due, exported, paid or given up (SEMANTICS 13, 14).
//!
//! Making and closing one takes the ledger of a project and mode alone. Each has a transaction of its own, which is run again when
//! it met another one.

mod close;
mod create;
mod export;

pub use close::{Paid, Which, cancel, mark_paid};
pub use create::{NewPayouts, Wanted, create, preview};
pub use export::{Export, Exported, Format, LeftOut, Row, export};

use crate::Error;
use domain::ids::{AffiliateId, BatchId, PayoutId, Realm};
use store::{
    PgConnection, Transaction, affiliates,
    payouts::{self, Created, Payout, PayoutError},
};

/// Transactions that meet others succeed when they are run again; these are as many as people ever need.
const ATTEMPTS: usize = 5;

/// How often a transaction was run.
#[derive(Default)]
struct Attempts(usize);

impl Attempts {
    /// Commits what was done. `None` when it met another transaction and is to be run again.
    async fn end<T>(
        &mut self,
        transaction: Transaction,
        done: Result<T, PayoutError>,
    ) -> Result<Option<T>, Error> {
        self.0 += 1;
        match done {
            Ok(done) => {
                transaction.commit().await?;
                Ok(Some(done))
            }
            Err(error) if error.is_transient() && self.0 < ATTEMPTS => {
                transaction.rollback().await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The payout with this number, in this project and mode.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn find(connection: &mut PgConnection, realm: Realm, id: PayoutId) -> Result<Payout, Error> {
    let found = payouts::find(connection, id).await?.filter(|payout| payout.realm == realm);
    found.ok_or_else(|| PayoutError::Unknown(id).into())
}

/// The payouts that were made together, in this project and mode, as they stand.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn batch(connection: &mut PgConnection, realm: Realm, id: BatchId) -> Result<Created, Error> {
    let found = payouts::batch(connection, realm, id).await?;
    found.ok_or_else(|| Error::NotFound(format!("There is no payout batch {id}")))
}

/// An affiliate by its number or its address; also one that was closed, for it is still owed what it earned.
///
/// # Errors
/// [`Error::Unknown`]
pub async fn affiliate(
    connection: &mut PgConnection,
    realm: Realm,
    name: &str,
) -> Result<(AffiliateId, String), Error> {
    let found = affiliates::by_name(connection, realm, name).await?;
    found.ok_or_else(|| {
        let Realm { project, mode } = realm;
        Error::unknown("affiliate", format!("project {project} has no affiliate {name:?} in {mode} mode"))
    })
}

impl From<PayoutError> for Error {
    fn from(error: PayoutError) -> Self {
        match error {
            PayoutError::Store(error) => error.into(),
            PayoutError::Unknown(_) => Self::NotFound(error.to_string()),
            PayoutError::PaidBeforeMade { .. } => Self::invalid("paid_at", error.to_string()),
            PayoutError::KeyTaken { .. }
            | PayoutError::Overflow(_)
            | PayoutError::PaidAlready { .. }
            | PayoutError::Canceled(_) => Self::Conflict(error.to_string()),
        }
    }
}
