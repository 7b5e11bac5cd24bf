//! The transaction.

use super::{Failure, Settling};
use crate::decision::{Decision, decide};
use crate::lanes::{FetchScope, request};
use crate::telemetry::{self, count};
use domain::ids::Realm;
use queue::{PublishError, envelope::Envelope};
use std::collections::BTreeMap;
use std::error::Error;
use store::settlement::{BatchError, Item, Settled, settle_batch};
use stripe::missing::Missing;
use tokio::time::Instant;

impl Settling {
    /// Settles some items in one transaction.
    pub(super) async fn commit(&self, items: &[Item], missing: &[Vec<Missing>]) -> Result<(), Failure> {
        let started = Instant::now();
        let settled = match self.transact(items, missing).await {
            Ok(settled) => settled,
            Err(Unsettled::Batch(error)) => {
                return Err(Failure { decision: decide(&error), reason: chain(&error) }.count());
            }
            Err(Unsettled::Queue(error)) => {
                return Err(Failure { decision: Decision::Wait, reason: chain(&error) }.count());
            }
        };
        metrics::histogram!(telemetry::BATCH_SECONDS).record(started.elapsed());
        metrics::counter!(telemetry::SETTLED).increment(count(settled.new.len()));
        let duplicates = items.len().saturating_sub(settled.new.len());
        metrics::counter!(telemetry::DUPLICATES).increment(count(duplicates));
        metrics::counter!(telemetry::ENTRIES).increment(count(settled.entries));
        tracing::debug!(
            events = items.len(),
            new = settled.new.len(),
            entries = settled.entries,
            conversions = settled.conversions.len(),
            "settled"
        );
        Ok(())
    }

    async fn transact(&self, items: &[Item], missing: &[Vec<Missing>]) -> Result<Settled, Unsettled> {
        let mut transaction = self.pool.begin().await.map_err(BatchError::from)?;
        let settled = settle_batch(&mut transaction, items).await?;
        // Before the commit: an event is settled only when its gaps are on their way. The other order
        // would lose them in a crash; this one may ask twice, which the inbox makes harmless.
        self.request(items, missing, &settled).await?;
        transaction.commit().await.map_err(BatchError::from)?;
        Ok(settled)
    }

    /// Asks for what the payloads of new events lacked.
    async fn request(
        &self,
        items: &[Item],
        missing: &[Vec<Missing>],
        settled: &Settled,
    ) -> Result<(), Unsettled> {
        let Some(scope) = self.scope else { return Ok(()) };
        let requests = requests(scope, items, missing, settled);
        let publishes = requests.into_iter().map(|envelope| self.publisher.publish(envelope));
        for published in futures::future::join_all(publishes).await {
            published?;
        }
        Ok(())
    }
}

/// One message for each gap that can be filled.
fn requests(scope: FetchScope, items: &[Item], missing: &[Vec<Missing>], settled: &Settled) -> Vec<Envelope> {
    let mut wanted: BTreeMap<(Realm, String), Envelope> = BTreeMap::new();
    for place in &settled.new {
        let (Some(item), Some(gaps)) = (items.get(*place), missing.get(*place)) else { continue };
        for gap in gaps.iter().filter(|_| scope.covers(item.realm)) {
            wanted.entry((item.realm, gap.fetch_id())).or_insert_with(|| request(item, gap));
        }
    }
    wanted.into_values().collect()
}

#[derive(Debug, thiserror::Error)]
enum Unsettled {
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Queue(#[from] PublishError),
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
