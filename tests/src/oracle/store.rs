//! A history in a real store: entered as a project, delivered in batches, read back.

mod crashes;
mod enter;
mod ledger;

pub use crashes::Crashes;
pub use enter::{Entered, enter};
pub use ledger::verdicts;

use super::render::Told;
use anyhow::{Result, bail};
use chrono::DateTime;
use common::intake;
use domain::fact::Fact;
use domain::ids::Realm;
use queue::envelope::Source;
use store::settlement::{self, BatchError, InboxEvent, Item, Replayed, StoredEvent, settle_batch};
use store::{PgConnection, PgPool};
use stripe::metadata::MetadataKeys;

/// How often a batch may die or meet another one before something is wrong.
const ATTEMPTS: usize = 500;

/// A body as the worker reads it.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn item(realm: Realm, told: &Told) -> Item {
    let received_at = DateTime::from_timestamp(told.received, 0).unwrap();
    let read = intake::read(told.source, told.body.as_bytes(), realm, received_at, &MetadataKeys::default())
        .unwrap();
    let event = InboxEvent {
        account: read.account,
        event_id: read.event_id,
        source: told.source.as_str(),
        event_type: read.event_type,
        api_version: read.api_version,
        occurred_at: read.occurred_at,
        received_at,
        ignored: read.ignored,
        traceparent: None,
        body: told.body.clone().into(),
    };
    Item { realm, event, facts: read.facts }
}

/// Settles a batch in a transaction of its own, again and again until it is committed, as a worker
/// does whose server dies or who meets another one. How often that happened.
///
/// # Errors
/// When the batch itself is to blame.
pub async fn settle(pool: &PgPool, items: &[Item]) -> Result<usize> {
    for failed in 0..ATTEMPTS {
        match try_to_settle(pool, items).await {
            Ok(()) => return Ok(failed),
            Err(BatchError::Store(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("the batch failed {ATTEMPTS} times")
}

/// The same once.
///
/// # Errors
/// When the database fails, or the batch does.
pub async fn try_to_settle(pool: &PgPool, items: &[Item]) -> Result<(), BatchError> {
    let mut transaction = pool.begin().await?;
    settle_batch(&mut transaction, items).await?;
    Ok(transaction.commit().await?)
}

/// Runs the project's history again from its inbox.
///
/// # Errors
/// When that fails.
pub async fn replay(connection: &mut PgConnection, realm: Realm) -> Result<Replayed> {
    let read = |event: &StoredEvent| -> Result<Vec<Fact>, BatchError> {
        let unreadable = |reason| BatchError::Event { event_id: event.event_id.clone(), reason };
        let source = Source::parse(&event.source).ok_or_else(|| unreadable(event.source.clone()))?;
        let read = intake::read(source, &event.body, realm, event.received_at, &MetadataKeys::default());
        Ok(read.map_err(|error| unreadable(error.to_string()))?.facts)
    };
    Ok(settlement::replay(connection, realm, None, read, |_| {}).await?)
}
