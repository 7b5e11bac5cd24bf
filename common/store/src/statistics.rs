//! What affiliates brought, in the course of time: one statement for any number of affiliates and intervals, which reads sums of days
//! and months ([`crate::rollups`]).

mod interval;
mod ranking;
mod rolled_up;

pub use interval::{Interval, Span};
pub use ranking::{Ranked, ranking};

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};
use domain::money::{Currency, Money};
use rolled_up::EVERYONE;
use std::collections::BTreeMap;

/// What was brought in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Visits by links.
    pub clicks: i64,
    /// Customers who were seen first and are bound to an affiliate.
    pub signups: i64,
    /// Purchases that were attributed and not taken back.
    pub purchases: i64,
    /// The money of them, by currency.
    pub amounts: BTreeMap<Currency, Amounts>,
}

/// Money of one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Commissionable base.
    pub base: i64,
    /// Commission as it stands now, net of what was taken back.
    pub value: i64,
    /// What was taken back.
    pub clawed_back: i64,
}

impl Amounts {
    /// Base, commission and what was taken back.
    #[must_use]
    pub fn money(self, currency: Currency) -> [Money; 3] {
        [self.base, self.value, self.clawed_back].map(|minor| Money { minor, currency })
    }
}

impl Activity {
    /// Adds what was brought at another time.
    pub fn add(&mut self, other: &Self) {
        self.clicks = self.clicks.saturating_add(other.clicks);
        self.signups = self.signups.saturating_add(other.signups);
        self.purchases = self.purchases.saturating_add(other.purchases);
        for (currency, amounts) in &other.amounts {
            let sum = self.amounts.entry(*currency).or_default();
            sum.base = sum.base.saturating_add(amounts.base);
            sum.value = sum.value.saturating_add(amounts.value);
            sum.clawed_back = sum.clawed_back.saturating_add(amounts.clawed_back);
        }
    }
}

/// Activity by the interval's beginning; what is not there is nothing.
pub type Series = BTreeMap<DateTime<Utc>, Activity>;

/// What all affiliates brought.
///
/// # Errors
/// [`StoreError`]
pub async fn of_all(connection: &mut PgConnection, realm: Realm, span: Span) -> Result<Series, StoreError> {
    let mut each = rolled_up::series(connection, realm, span, &[EVERYONE]).await?;
    Ok(each.remove(&EVERYONE).unwrap_or_default())
}

/// What each of these affiliates brought.
///
/// # Errors
/// [`StoreError`]
pub async fn of_each(
    connection: &mut PgConnection,
    realm: Realm,
    span: Span,
    affiliates: &[AffiliateId],
) -> Result<BTreeMap<AffiliateId, Series>, StoreError> {
    if affiliates.is_empty() {
        return Ok(BTreeMap::new());
    }
    rolled_up::series(connection, realm, span, affiliates).await
}
