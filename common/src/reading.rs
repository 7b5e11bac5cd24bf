//! From a stored body back to its facts: what the inbox holds is read again when the ledger is rebuilt.

use crate::domain::{command::Command, fact::Fact, ids::Mode};
use crate::stripe::{
    event::{self, Outcome, Unreadable},
    fetched::read_fetched,
    metadata::MetadataKeys,
};
use chrono::{DateTime, Utc};

/// Why a stored body tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotReadable {
    /// Not an event that Stripe may have sent.
    #[error(transparent)]
    Stripe(#[from] Unreadable),
    /// Not a command of this API's.
    #[error("the body is not a command of the REST API: {0}")]
    Command(#[from] serde_json::Error),
    /// A source that this version does not know.
    #[error("the source {0:?} is unknown: a newer version has written it")]
    Source(String),
}

/// What a body of the inbox tells. `source` is what the inbox calls it: `stripe`, `fetched` or `api`.
/// A body that tells nothing, or must not be used, has no facts.
///
/// # Errors
/// When this version cannot read what another could.
pub fn facts(
    source: &str,
    body: &[u8],
    mode: Mode,
    received_at: DateTime<Utc>,
) -> Result<Vec<Fact>, NotReadable> {
    let reading = match source {
        "stripe" => event::read(body, mode, &MetadataKeys::default(), received_at)?,
        "fetched" => read_fetched(body, mode, received_at)?,
        "api" => return Ok(vec![serde_json::from_slice::<Command>(body)?.into_fact()]),
        other => return Err(NotReadable::Source(other.to_owned())),
    };
    Ok(match reading.outcome {
        Outcome::Facts { facts, .. } => facts,
        Outcome::Ignored { .. } => Vec::new(),
    })
}
