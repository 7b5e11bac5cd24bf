//! Payouts: made from what is due, exported, paid or given up (SEMANTICS 13, 14).
//!
//! Making and closing one takes the books of a project and mode alone. Each has a transaction of its own, which is run again when
//! it met another one.

mod close;
mod create;
mod export;

pub use close::{Paid, Which, cancel, mark_paid};
pub use create::{NewPayouts, create};
pub use export::{Export, Exported, Format, LeftOut, Row, export};

use crate::Error;
use domain::ids::{AffiliateId, PayoutId, Realm};
use store::{
    PgConnection, PgPool, affiliates,
    payouts::{self, Payout, PayoutError},
};

/// Transactions that meet others succeed when they are run again; these are as many as people ever need.
const ATTEMPTS: usize = 5;

/// Runs a transaction, and again when it met another one.
async fn in_transaction<T>(
    pool: &PgPool,
    work: impl AsyncFn(&mut PgConnection) -> Result<T, PayoutError>,
) -> Result<T, Error> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut transaction = pool.begin().await?;
        match work(&mut transaction).await {
            Ok(done) => {
                transaction.commit().await?;
                return Ok(done);
            }
            Err(error) if error.is_transient() && attempts < ATTEMPTS => transaction.rollback().await?,
            Err(error) => return Err(error.into()),
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
