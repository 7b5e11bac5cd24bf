//! Other rules, tried on history (DESIGN, promise 5). Nothing is written.

use super::{BatchError, clusters, work};
use crate::domain::ids::{AffiliateId, ClusterId, Realm};
use crate::domain::money::Currency;
use crate::domain::rules::Rules;
use crate::domain::settle::{Conversion, SettleError};
use crate::store::PgConnection;
use std::collections::BTreeMap;

/// Clusters that are folded at a time.
const CLUSTERS: usize = 1_000;

/// What would have been earned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Signups and payments that were judged.
    pub conversions: usize,
    /// By affiliate and currency: minor units, net of what was taken back.
    pub earned: BTreeMap<(AffiliateId, Currency), i64>,
}

/// Judges every payment of a project and mode by some rules, as if they had held from the beginning,
/// or by the project's own when there are none.
///
/// # Errors
/// When the database fails or the facts cannot be folded.
pub async fn simulate(
    conn: &mut PgConnection,
    realm: Realm,
    rules: Option<&Rules>,
) -> Result<Outcome, BatchError> {
    let all: Vec<ClusterId> = clusters::of_realm(conn, realm).await?.into_iter().collect();
    let mut outcome = Outcome::default();
    for chunk in all.chunks(CLUSTERS) {
        let mut work = work::load(conn, &chunk.iter().copied().collect()).await?;
        if let Some(rules) = rules {
            work.judge_by(realm.project, rules);
        }
        for folded in work.fold()? {
            for conversion in &folded.settlement.conversions {
                outcome.add(conversion)?;
            }
        }
    }
    Ok(outcome)
}

impl Outcome {
    fn add(&mut self, conversion: &Conversion) -> Result<(), SettleError> {
        self.conversions = self.conversions.saturating_add(1);
        let Some(bind) = &conversion.bind else { return Ok(()) };
        let sum = self.earned.entry((bind.affiliate, conversion.currency)).or_default();
        let net = conversion.commission.checked_sub(conversion.clawed_back);
        *sum = net
            .and_then(|net| sum.checked_add(net))
            .ok_or_else(|| SettleError::Overflow(conversion.payment.to_string()))?;
        Ok(())
    }
}
