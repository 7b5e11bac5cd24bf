//! Other rules, tried on history. Nothing is written.

use super::facts::Kept;
use super::plans::Planned;
use super::work::{Folds, Parts};
use super::{BatchError, clusters};
use crate::PgConnection;
use domain::ids::{AffiliateId, ClusterId, ProjectId, Realm, RuleId};
use domain::money::Currency;
use domain::rules::{RuleVersion, Rules};
use std::collections::BTreeMap;

/// Clusters of one round.
const CHUNK: usize = 1_000;

/// What an affiliate earns in one currency, in minor units and net of what was taken back.
pub type Earned = BTreeMap<(AffiliateId, Currency), i64>;

/// What each affiliate would have earned, had these rules held from the beginning. `progress` hears
/// after each round how many of how many clusters are folded.
///
/// # Errors
/// When the database fails or the facts cannot be folded.
pub async fn simulate(
    connection: &mut PgConnection,
    realm: Realm,
    rules: &Rules,
    mut progress: impl FnMut(usize, usize),
) -> Result<Earned, BatchError> {
    let proposed = vec![RuleVersion { id: RuleId(0), valid_from: None, rules: rules.clone() }];
    let proposed: BTreeMap<ProjectId, Vec<RuleVersion>> = BTreeMap::from([(realm.project, proposed)]);
    super::plans::pin(connection, Planned::EachTime, None).await?;
    let all: Vec<ClusterId> = clusters::of_realm(connection, realm).await?.into_iter().collect();
    let mut earned = Earned::new();
    let mut done = 0;
    for chunk in all.chunks(CHUNK) {
        let mut parts = Parts::of(&chunk.iter().copied().collect(), Kept::default());
        while let Some((_, work)) = parts.load(connection).await? {
            let mut folds = Folds::default();
            work.under(proposed.clone()).fold_into(&mut folds)?;
            for conversion in folds.clusters.iter().flat_map(|folded| &folded.settlement.conversions) {
                let Some(bind) = &conversion.bind else { continue };
                let net = conversion.commission.saturating_sub(conversion.clawed_back);
                let sum = earned.entry((bind.affiliate, conversion.currency)).or_default();
                *sum = sum.saturating_add(net);
            }
        }
        done += chunk.len();
        progress(done, all.len());
    }
    Ok(earned)
}
