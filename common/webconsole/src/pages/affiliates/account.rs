//! What one affiliate comes to: what it is owed, what it brought, and the latest lines of its account.

use crate::{failure::Failure, figures::Account, kept::At, state::Console};
use domain::ids::AffiliateId;
use store::{
    affiliates,
    statements::{self, Period},
};

/// Lines of the account that are shown; all of them are in the file.
pub(crate) const LINES: i64 = 200;

/// Reads it.
pub(crate) async fn read(
    console: Console,
    affiliate: AffiliateId,
    period: Period,
) -> Result<At<Account>, Failure> {
    let mut connection = console.patient().await?;
    let read_at = console.now();
    let owed = statements::balances(&mut connection, &[affiliate]).await?;
    let mut brought = affiliates::figures(&mut connection, &[affiliate], read_at).await?;
    let brought = brought.remove(&affiliate).unwrap_or_default();
    let latest = statements::latest(&mut connection, affiliate, period, LINES).await?;
    Ok(At { read_at, figures: Account { owed, brought, latest } })
}
