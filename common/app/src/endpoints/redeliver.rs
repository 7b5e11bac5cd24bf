//! Sends again what was sent, given up or parked.

use super::change::find;
use crate::Error;
use domain::ids::{EndpointId, Realm};
use std::time::{Duration, Instant};
use store::PgPool;
use store::deliveries::{self, Selection};
use store::webhook_endpoints::EndpointStatus;

/// Deliveries of one transaction.
const CHUNK: i64 = 5_000;

/// A call is answered within this time; whoever has more calls again.
const BUDGET: Duration = Duration::from_secs(3);

/// What is on its way again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redelivered {
    /// How many deliveries.
    pub redelivered: u64,
    /// Whether there may be more: ask once more.
    pub has_more: bool,
}

/// Puts deliveries on their way again, the first ones first, in transactions of its own. Each keeps its id.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Conflict`] when nothing is sent to the endpoint.
pub async fn redeliver(
    pool: &PgPool,
    realm: Realm,
    id: EndpointId,
    selection: &Selection,
) -> Result<Redelivered, Error> {
    let mut connection = pool.acquire().await?;
    let endpoint = find(&mut connection, realm, id).await?;
    if endpoint.status != EndpointStatus::Active {
        let status = endpoint.status.as_str();
        return Err(Error::Conflict(format!("Endpoint {id} is {status}: enable it first")));
    }
    let asked_at = deliveries::now(&mut connection).await?;
    let started = Instant::now();
    let mut redelivered = 0_u64;
    loop {
        let chunk = deliveries::redeliver(&mut connection, id, selection, asked_at, CHUNK).await?;
        redelivered = redelivered.saturating_add(chunk);
        let is_last = chunk < CHUNK.unsigned_abs();
        if is_last || started.elapsed() > BUDGET {
            return Ok(Redelivered { redelivered, has_more: !is_last });
        }
    }
}
