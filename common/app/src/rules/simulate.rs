//! Rules tried on history. Nothing is written.

use crate::Error;
use domain::{
    ids::{AffiliateId, Mode, Realm},
    money::Currency,
    rules::Rules,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{PgConnection, overview, settlement};

/// What rules would have made of the history of one mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// By affiliate and currency.
    pub affiliates: Vec<Sum>,
}

/// What an affiliate earned in one currency, and would have earned. Minor units, net of what was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The mode.
    pub mode: Mode,
    /// The affiliate.
    pub affiliate: AffiliateId,
    /// Its address.
    pub email: String,
    /// The currency.
    pub currency: Currency,
    /// Under the rules that held.
    pub earned: i64,
    /// Under the rules that are tried.
    pub would_have_earned: i64,
}

/// The same for all affiliates of a mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The mode.
    pub mode: Mode,
    /// The currency.
    pub currency: Currency,
    /// Under the rules that held.
    pub earned: i64,
    /// Under the rules that are tried.
    pub would_have_earned: i64,
}

impl Sum {
    /// What the rules would have added.
    #[must_use]
    pub fn difference(&self) -> i64 {
        self.would_have_earned.saturating_sub(self.earned)
    }
}

impl Total {
    /// What the rules would have added.
    #[must_use]
    pub fn difference(&self) -> i64 {
        self.would_have_earned.saturating_sub(self.earned)
    }
}

/// Folds a realm's history under other rules. `connection` is a snapshot ([`store::snapshot`]), so that both columns are of
/// one moment; `progress` hears after each round how many of how many customers are folded.
///
/// # Errors
/// Those of the database, and [`Error::Defect`] when the history cannot be folded.
pub async fn simulate(
    connection: &mut PgConnection,
    realm: Realm,
    rules: &Rules,
    progress: impl FnMut(usize, usize),
) -> Result<Simulated, Error> {
    let then =
        settlement::simulate(connection, realm, rules, progress).await.map_err(|error| match error {
            settlement::BatchError::Store(error) => error.into(),
            error => Error::Defect("the history cannot be folded with these rules", Box::new(error)),
        })?;
    let now = overview::earned(connection, realm).await?;
    let names = overview::affiliates(connection, realm).await?;
    let rows: BTreeSet<(AffiliateId, Currency)> = now.keys().chain(then.keys()).copied().collect();
    let sums = rows.into_iter().map(|row| Sum {
        mode: realm.mode,
        affiliate: row.0,
        email: names.get(&row.0).cloned().unwrap_or_default(),
        currency: row.1,
        earned: now.get(&row).copied().unwrap_or_default(),
        would_have_earned: then.get(&row).copied().unwrap_or_default(),
    });
    Ok(Simulated { affiliates: sums.collect() })
}

impl Simulated {
    /// What all affiliates together come to, by mode and currency.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a sum is beyond 64 bits.
    pub fn totals(&self) -> Result<Vec<Total>, Error> {
        let too_large = || Error::Conflict("the sums are too large".to_owned());
        let mut sums: BTreeMap<(Mode, Currency), (i64, i64)> = BTreeMap::new();
        for line in &self.affiliates {
            let (earned, then) = sums.entry((line.mode, line.currency)).or_default();
            *earned = earned.checked_add(line.earned).ok_or_else(too_large)?;
            *then = then.checked_add(line.would_have_earned).ok_or_else(too_large)?;
        }
        let total = |((mode, currency), (earned, would_have_earned)): ((Mode, Currency), (i64, i64))| Total {
            mode,
            currency,
            earned,
            would_have_earned,
        };
        Ok(sums.into_iter().map(total).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_keep_modes_and_currencies_apart() {
        let sum = |mode, currency: &str, earned, would_have_earned| Sum {
            mode,
            affiliate: AffiliateId(1),
            email: String::new(),
            currency: Currency::parse(currency).unwrap(),
            earned,
            would_have_earned,
        };
        let affiliates = vec![
            sum(Mode::Live, "usd", 1_000, 1_500),
            sum(Mode::Live, "usd", 200, 0),
            sum(Mode::Live, "eur", 70, 80),
            sum(Mode::Test, "usd", 5, 5),
        ];
        let totals = Simulated { affiliates }.totals().unwrap();
        let sums =
            totals.iter().map(|sum| (sum.mode, sum.currency.to_string(), sum.earned, sum.difference()));
        let expected = [
            (Mode::Test, "usd".to_owned(), 5, 0),
            (Mode::Live, "eur".to_owned(), 70, 10),
            (Mode::Live, "usd".to_owned(), 1_200, 300),
        ];
        assert_eq!(sums.collect::<Vec<_>>(), expected);
    }
}
