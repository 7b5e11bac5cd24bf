//! Sums of what affiliates brought and earned, by day and by month.
//!
//! ```text
//! clicks, customers, ─▶ triggers ─▶ rollup_deltas ─▶ roll_up ─▶ rollups
//! conversions, ledger                      ╰────── a figure ──────╯
//! ```
//!
//! A change appends what it changes of the sums, in its own transaction; nobody waits for a row that others write. A figure is what
//! is added up and what is not yet, read by one statement, and so exact at any moment (ADR 80).

mod days;

use super::{PgConnection, StoreError};
pub(crate) use days::Pieces;
use domain::ids::AffiliateId;
use std::collections::BTreeSet;

/// Adds up to so many of the changes to the sums, and tells how many they were; 0 also while somebody else is at it.
///
/// # Errors
/// [`StoreError`]
pub async fn roll_up(connection: &mut PgConnection, most: i64) -> Result<i64, StoreError> {
    let rolled_up = sqlx::query_scalar!(r#"SELECT roll_up($1) AS "rolled_up!""#, most);
    Ok(rolled_up.fetch_one(connection).await?)
}

/// Their ids, each once: a sum is joined to each of them.
pub(crate) fn distinct(affiliates: &[AffiliateId]) -> Vec<i64> {
    let ids: BTreeSet<i64> = affiliates.iter().map(|id| id.0).collect();
    ids.into_iter().collect()
}
