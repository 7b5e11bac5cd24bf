//! Judges again what a changed mapping concerns: payments that waited for it find it (SEMANTICS 3).

use super::Shared;
use crate::backoff::{Backoff, Waited};
use crate::place::{Kind, Patience};
use crate::recovery::{Recovery, recovery_for};
use chrono::{TimeDelta, Utc};
use domain::ids::{ClusterId, Realm};
use domain::reevaluation::Reevaluation;
use queue::Disposition;
use std::collections::BTreeSet;
use std::time::Duration;
use store::settlement::{BatchError, clusters_concerned, settle_clusters, wait_for_batches};
use store::{Connection, SqlxError, StoreError, statement_timeout, within};
use tokio::time::timeout;

/// Clusters of one transaction, at most; fewer when so many take too long.
const CHUNK: usize = 500;

/// How often one chunk is run again because it met other transactions, or somebody who did not let go.
const MAX_CONFLICTS: u32 = 20;

/// How long the search for who is concerned may take: after a change of the rules it reads a year of a large project.
/// Nobody waits for it.
const SEARCH: Duration = Duration::from_mins(2);

/// How long one chunk may take, and the wait for batches that began before.
const TRANSACTION: Duration = Duration::from_secs(8);

/// When it is tried again after somebody did not let go.
const LATER: TimeDelta = TimeDelta::seconds(10);

impl Shared {
    /// Settles them; `None` when the worker is to stop first. Settling a cluster twice changes
    /// nothing, so that an interrupted run is simply done again.
    pub(super) async fn resettle(&self, realm: Realm, reevaluation: &Reevaluation) -> Option<Disposition> {
        let _one_at_a_time = self.resettling.acquire().await.ok()?;
        let (mut for_store, mut for_conflict) = (Backoff::for_store(), Backoff::for_conflict());
        let (mut conflicts, mut size) = (0, CHUNK);
        let mut open: Option<Vec<ClusterId>> = None;
        loop {
            let failed = match &mut open {
                None => match self.concerned(realm, reevaluation).await {
                    Ok(clusters) => {
                        open = Some(clusters.into_iter().collect());
                        continue;
                    }
                    Err(error) => BatchError::from(error),
                },
                Some(clusters) if clusters.is_empty() => return Some(Disposition::Ack),
                Some(clusters) => {
                    let rest = clusters.len().saturating_sub(size);
                    let chunk: BTreeSet<ClusterId> = clusters.iter().skip(rest).copied().collect();
                    match self.settle_chunk(&chunk).await {
                        Ok(()) => {
                            self.place.works();
                            clusters.truncate(rest);
                            conflicts = 0;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
            };
            let rested = match recovery_for(&failed) {
                Recovery::Wait => {
                    let kind = match &failed {
                        BatchError::Store(error) => Kind::of(error),
                        BatchError::Fold(_) | BatchError::Unreadable(_) | BatchError::Event { .. } => {
                            Kind::Away
                        }
                    };
                    if self.place.fails(kind, &common::causes(&failed)).await == Patience::Exhausted {
                        self.shutdown.cancel();
                    }
                    for_store.wait(&self.shutdown).await
                }
                Recovery::Halve if size > 1 && open.is_some() => {
                    size = size.div_ceil(2);
                    Waited::Whole
                }
                Recovery::Again | Recovery::PassBy if conflicts < MAX_CONFLICTS => {
                    conflicts += 1;
                    for_conflict.wait(&self.shutdown).await
                }
                Recovery::Again | Recovery::PassBy | Recovery::Halve => {
                    let reason = common::causes(&failed);
                    return Some(Disposition::PutOff { at: Utc::now() + LATER, reason });
                }
                Recovery::Isolate => {
                    return Some(Disposition::DeadLetter { reason: failed.to_string() });
                }
            };
            if rested == Waited::Stop {
                return None;
            }
        }
    }

    async fn concerned(
        &self,
        realm: Realm,
        reevaluation: &Reevaluation,
    ) -> Result<BTreeSet<ClusterId>, StoreError> {
        let mut session = self.sessions.open().await?;
        within(TRANSACTION, async {
            let mut transaction = session.begin().await?;
            wait_for_batches(&mut transaction, realm).await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(())
        })
        .await?;
        let clusters = within(SEARCH, async {
            let mut transaction = session.begin().await?;
            statement_timeout(&mut transaction, SEARCH).await?;
            let clusters = clusters_concerned(&mut transaction, realm, reevaluation).await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(clusters)
        })
        .await?;
        session.done();
        Ok(clusters)
    }

    async fn settle_chunk(&self, clusters: &BTreeSet<ClusterId>) -> Result<(), BatchError> {
        let mut session = self.sessions.open().await?;
        let settled = timeout(TRANSACTION, async {
            let mut transaction = session.begin().await?;
            let settled = settle_clusters(&mut transaction, clusters).await?;
            transaction.commit().await?;
            Ok::<_, BatchError>(settled)
        });
        let settled = settled
            .await
            .unwrap_or_else(|_elapsed| Err(BatchError::Store(StoreError::Slow(SqlxError::PoolTimedOut))))?;
        session.done();
        tracing::debug!(clusters = clusters.len(), entries = settled.entries, "resettled");
        Ok(())
    }
}
