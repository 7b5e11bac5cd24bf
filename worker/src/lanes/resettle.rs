//! Judges again what a changed mapping concerns: payments that waited for it find it (SEMANTICS 3).

use super::Shared;
use crate::decision::{Decision, decide};
use crate::pause::{Pauses, Rested};
use domain::ids::{ClusterId, Realm};
use domain::mappings::Mappings;
use queue::Disposition;
use std::collections::BTreeSet;
use store::StoreError;
use store::settlement::{BatchError, clusters_concerned, settle_clusters, wait_for_batches};

/// Clusters of one transaction.
const CHUNK: usize = 500;
/// How often one chunk is run again because it met other transactions.
const MAX_RACES: u32 = 20;

impl Shared {
    /// Settles them; `None` when the worker is to stop first. Settling a cluster twice changes
    /// nothing, so that an interrupted run is simply done again.
    pub(super) async fn resettle(&self, realm: Realm, mappings: &Mappings) -> Option<Disposition> {
        let _one_at_a_time = self.resettling.acquire().await.ok()?;
        let (mut for_store, mut for_race) = (Pauses::for_store(), Pauses::for_race());
        let mut races = 0;
        let mut open: Option<Vec<ClusterId>> = None;
        loop {
            let failed = match &mut open {
                None => match self.concerned(realm, mappings).await {
                    Ok(clusters) => {
                        open = Some(clusters.into_iter().collect());
                        continue;
                    }
                    Err(error) => BatchError::from(error),
                },
                Some(clusters) if clusters.is_empty() => return Some(Disposition::Ack),
                Some(clusters) => {
                    let rest = clusters.len().saturating_sub(CHUNK);
                    let chunk: BTreeSet<ClusterId> = clusters.iter().skip(rest).copied().collect();
                    match self.settle_chunk(&chunk).await {
                        Ok(()) => {
                            clusters.truncate(rest);
                            races = 0;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
            };
            let rested = match decide(&failed) {
                Decision::Wait => for_store.rest(&self.shutdown).await,
                Decision::Again if races < MAX_RACES => {
                    races += 1;
                    for_race.rest(&self.shutdown).await
                }
                Decision::Again | Decision::Isolate => {
                    return Some(Disposition::DeadLetter { reason: failed.to_string() });
                }
            };
            if rested == Rested::Stop {
                return None;
            }
        }
    }

    async fn concerned(&self, realm: Realm, mappings: &Mappings) -> Result<BTreeSet<ClusterId>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        wait_for_batches(&mut transaction, realm).await?;
        transaction.commit().await?;
        let mut connection = self.pool.acquire().await?;
        clusters_concerned(&mut connection, realm, mappings).await
    }

    async fn settle_chunk(&self, clusters: &BTreeSet<ClusterId>) -> Result<(), BatchError> {
        let mut transaction = self.pool.begin().await?;
        let settled = settle_clusters(&mut transaction, clusters).await?;
        transaction.commit().await?;
        tracing::debug!(clusters = clusters.len(), entries = settled.entries, "judged again");
        Ok(())
    }
}
