//! What no worker could settle: sent round again, or given up. All that were named, or none.

use crate::Error;
use domain::ids::Realm;
use queue::{
    Prefix,
    dead_letters::{self, DeadLetter, GivenUp},
};
use store::PgConnection;

/// All of them are changed in one transaction, so their number has a bound.
pub const MOST: i64 = 10_000;

/// The open dead letter with this number, of this project and mode. One whose headers cannot be read is nobody's.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn find(
    connection: &mut PgConnection,
    queue: &Prefix,
    realm: Realm,
    id: i64,
) -> Result<DeadLetter, Error> {
    let found = dead_letters::show(connection, queue, id).await?.map(|(letter, _)| letter);
    let of_realm =
        found.filter(|letter| (letter.project, letter.mode) == (Some(realm.project), Some(realm.mode)));
    of_realm.ok_or_else(|| Error::NotFound(format!("There is no open dead letter {id}")))
}

/// Sends open dead letters round again.
///
/// # Errors
/// [`Error::NotFound`] when one of them is not open; the caller rolls back.
pub async fn retry(connection: &mut PgConnection, queue: &Prefix, ids: &[i64]) -> Result<Vec<i64>, Error> {
    let done = dead_letters::retry(connection, queue, ids).await?;
    all_of(ids, done)
}

/// Gives open dead letters up for good; they stay on record.
///
/// # Errors
/// [`Error::NotFound`] when one of them is not open; the caller rolls back.
pub async fn discard(
    connection: &mut PgConnection,
    queue: &Prefix,
    ids: &[i64],
    given_up: GivenUp<'_>,
) -> Result<Vec<i64>, Error> {
    let done = dead_letters::discard(connection, queue, ids, given_up).await?;
    all_of(ids, done)
}

fn all_of(ids: &[i64], done: Vec<i64>) -> Result<Vec<i64>, Error> {
    let missing: Vec<String> = ids.iter().filter(|id| !done.contains(id)).map(ToString::to_string).collect();
    if missing.is_empty() {
        return Ok(done);
    }
    Err(Error::NotFound(format!("nothing done: no open dead letter {}", missing.join(", "))))
}
