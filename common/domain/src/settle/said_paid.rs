//! What has left by the callers' word that it was paid (SEMANTICS 13).
//!
//! `paid: true` says that what stood at that moment has left. What stood is told by the facts up to the word's own time,
//! whenever they are received, so that any order gives one answer; what is taken back later is a debt.

use super::outcome::{Conversion, Settlement};
use super::versions::{Present, held_at, touched_since};
use super::{KnownFact, SettleError};

/// Fills in what each word covers; until then every word covers what stands now.
pub(super) fn cover(
    settlement: &mut Settlement,
    versions: &[KnownFact],
    fold: impl Fn(&[KnownFact]) -> Result<Settlement, SettleError>,
) -> Result<(), SettleError> {
    if settlement.conversions.iter().all(|conversion| conversion.said_paid.is_empty()) {
        return Ok(());
    }
    let present = Present::of(settlement, versions);
    for conversion in settlement.conversions.iter_mut().filter(|conversion| !conversion.said_paid.is_empty())
    {
        let mut said = std::mem::take(&mut conversion.said_paid);
        for word in &mut said {
            // A word about a payment never comes before it.
            let moment = word.at.max(conversion.occurred_at);
            let bound_since = conversion.bind.as_ref().is_some_and(|bind| bind.bound_at > moment);
            if !bound_since && !touched_since(versions, moment, conversion, &present) {
                continue;
            }
            let then = fold(&held_at(versions, moment, &conversion.aliases))?;
            let stood = then.conversions.iter().find(|then| then.payment == conversion.payment);
            (word.affiliate, word.currency, word.minor) = match stood {
                Some(then) => (then.bind.as_ref().map(|bind| bind.affiliate), then.currency, then.payable()),
                None => (None, conversion.currency, 0),
            };
        }
        conversion.said_paid = said;
    }
    Ok(())
}

impl Conversion {
    /// Minor units that are earned, neither taken back nor held.
    #[must_use]
    pub fn payable(&self) -> i64 {
        self.commission.saturating_sub(self.clawed_back).saturating_sub(self.held)
    }
}
