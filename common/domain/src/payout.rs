//! What a payout consists of: balances of conversions, netted for each affiliate and currency
//! (SEMANTICS 13, 15).

use super::ids::{AffiliateId, ConversionId};
use super::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one conversion owes its affiliate now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose account.
    pub affiliate: AffiliateId,
    /// The signup or payment.
    pub conversion: ConversionId,
    /// Released and not paid; negative for what was taken back after it was paid.
    pub amount: Money,
}

/// A payout to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Who is paid.
    pub affiliate: AffiliateId,
    /// The sum of the items, positive.
    pub amount: Money,
    /// The conversions in order of their ids, each with its minor units. None is zero.
    pub items: Vec<(ConversionId, i64)>,
}

/// A balance that is not paid this time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedOver {
    /// Whose.
    pub affiliate: AffiliateId,
    /// How much; negative for a debt.
    pub amount: Money,
    /// Why.
    pub why: CarryReason,
}

/// Why a balance is carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarryReason {
    /// More was taken back than is due.
    Negative,
    /// It is less than is paid at once.
    BelowMinimum,
    /// It is less than a unit that a bank takes: what is left of a payout in whole units, or all there is.
    Fraction,
}

/// Payouts, and what is left for the next ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One for each affiliate and currency that is owed something, in that order.
    pub payouts: Vec<Planned>,
    /// What is carried over, in the same order.
    pub carried_over: Vec<CarriedOver>,
}

/// The sum of an account left 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what affiliate {affiliate} is due in {currency} is too large to compute with")]
pub struct Overflow {
    /// Whose.
    pub affiliate: AffiliateId,
    /// The currency.
    pub currency: Currency,
}

/// Nets what is due. A balance is paid when it is positive and reaches its currency's minimum, in whole
/// units where banks take no others; debts are netted against everything else of the same affiliate and
/// currency. A fraction stays with the conversions that came last.
///
/// # Errors
/// When a sum overflows.
pub fn plan(due: &[Due], minimums: &BTreeMap<Currency, i64>) -> Result<Plan, Overflow> {
    let mut accounts: BTreeMap<(AffiliateId, Currency), BTreeMap<ConversionId, i64>> = BTreeMap::new();
    for due in due {
        let currency = due.amount.currency;
        let overflow = || Overflow { affiliate: due.affiliate, currency };
        let item = accounts.entry((due.affiliate, currency)).or_default().entry(due.conversion).or_default();
        *item = item.checked_add(due.amount.minor).ok_or_else(overflow)?;
    }
    let mut plan = Plan::default();
    for ((affiliate, currency), items) in accounts {
        let overflow = || Overflow { affiliate, currency };
        let sum: i128 = items.values().copied().map(i128::from).sum();
        let amount = Money { minor: i64::try_from(sum).map_err(|_| overflow())?, currency };
        let minimum = minimums.get(&currency).copied().unwrap_or_default();
        let why = match amount.minor {
            // Nothing to pay and nothing owed: both sides wait for more.
            0 => continue,
            ..0 => CarryReason::Negative,
            minor if minor < minimum => CarryReason::BelowMinimum,
            _ => {
                let paid = amount.payable_part();
                let fraction = amount.minor.checked_sub(paid.minor).ok_or_else(overflow)?;
                if paid.minor > 0 {
                    let items = without(fraction, items);
                    plan.payouts.push(Planned { affiliate, amount: paid, items });
                }
                if fraction > 0 {
                    let amount = Money { minor: fraction, currency };
                    plan.carried_over.push(CarriedOver { affiliate, amount, why: CarryReason::Fraction });
                }
                continue;
            }
        };
        plan.carried_over.push(CarriedOver { affiliate, amount, why });
    }
    Ok(plan)
}

/// The items without a fraction of their sum, which is taken from those that came last.
fn without(fraction: i64, items: BTreeMap<ConversionId, i64>) -> Vec<(ConversionId, i64)> {
    let mut left = fraction;
    let mut items: Vec<(ConversionId, i64)> = items.into_iter().collect();
    for (_, minor) in items.iter_mut().rev() {
        let taken = left.min((*minor).max(0));
        *minor = minor.saturating_sub(taken);
        left = left.saturating_sub(taken);
    }
    items.retain(|(_, minor)| *minor != 0);
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn due(affiliate: i64, conversion: i64, minor: i64, currency: &str) -> Due {
        let currency = Currency::parse(currency).unwrap();
        Due {
            affiliate: AffiliateId(affiliate),
            conversion: ConversionId(conversion),
            amount: Money { minor, currency },
        }
    }

    #[test]
    fn a_debt_is_netted_with_the_same_affiliate_and_currency_only() {
        let due =
            [due(1, 1, 1_000, "usd"), due(1, 2, -400, "usd"), due(1, 3, 900, "eur"), due(2, 4, 50, "usd")];
        let plan = plan(&due, &BTreeMap::new()).unwrap();
        let paid: Vec<(i64, i64)> = plan.payouts.iter().map(|p| (p.affiliate.0, p.amount.minor)).collect();
        assert_eq!(paid, [(1, 900), (1, 600), (2, 50)]);
        assert_eq!(plan.payouts[1].items, [(ConversionId(1), 1_000), (ConversionId(2), -400)]);
    }

    #[test]
    fn debts_and_what_is_below_the_minimum_are_carried_over() {
        let due =
            [due(1, 1, -400, "usd"), due(2, 2, 999, "usd"), due(3, 3, 1_000, "usd"), due(4, 4, 999, "jpy")];
        let plan = plan(&due, &BTreeMap::from([(Currency::USD, 1_000)])).unwrap();
        let why: Vec<(i64, CarryReason)> = plan.carried_over.iter().map(|c| (c.affiliate.0, c.why)).collect();
        assert_eq!(why, [(1, CarryReason::Negative), (2, CarryReason::BelowMinimum)]);
        assert_eq!(plan.payouts.iter().map(|p| p.affiliate.0).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn whole_units_are_paid_and_a_fraction_is_carried_over() {
        let due = [
            due(1, 1, 100_010, "huf"),
            due(1, 2, 20_000, "huf"),
            due(1, 3, 30, "huf"),
            due(2, 4, 100_020, "ugx"),
            due(3, 5, 99, "isk"),
            due(4, 6, 1_099, "usd"),
            due(5, 7, -250, "twd"),
            due(5, 8, 1_075, "twd"),
        ];
        let plan = plan(&due, &BTreeMap::new()).unwrap();
        let paid: Vec<(i64, i64)> = plan.payouts.iter().map(|p| (p.affiliate.0, p.amount.minor)).collect();
        assert_eq!(paid, [(1, 120_000), (2, 100_000), (4, 1_099), (5, 800)]);
        assert_eq!(plan.payouts[0].items, [(ConversionId(1), 100_010), (ConversionId(2), 19_990)]);
        assert_eq!(plan.payouts[3].items, [(ConversionId(7), -250), (ConversionId(8), 1_050)]);
        let carried: Vec<_> =
            plan.carried_over.iter().map(|c| (c.affiliate.0, c.amount.minor, c.why)).collect();
        let fraction = |affiliate, minor| (affiliate, minor, CarryReason::Fraction);
        assert_eq!(carried, [fraction(1, 40), fraction(2, 20), fraction(3, 99), fraction(5, 25)]);
    }

    #[test]
    fn a_balance_of_nothing_is_neither_paid_nor_carried() {
        assert_eq!(
            plan(&[due(1, 1, 5, "usd"), due(1, 2, -5, "usd")], &BTreeMap::new()).unwrap(),
            Plan::default()
        );
    }

    #[test]
    fn a_sum_beyond_64_bits_is_refused() {
        let due = [due(1, 1, i64::MAX, "usd"), due(1, 2, 1, "usd")];
        assert!(plan(&due, &BTreeMap::new()).is_err());
    }

    proptest! {
        #[test]
        fn no_cent_is_lost_or_made(rows in prop::collection::vec((1i64..4, 1i64..9, -500i64..500, "usd|eur|huf|ugx"), 0..40), minimum in 0i64..400) {
            let rows: Vec<Due> = rows.into_iter().map(|(a, c, minor, currency)| due(a, c, minor, &currency)).collect();
            let plan = plan(&rows, &BTreeMap::from([(Currency::USD, minimum)])).unwrap();
            for payout in &plan.payouts {
                prop_assert!(payout.amount.minor > 0);
                prop_assert!(payout.amount.to_payable().is_some());
                prop_assert!(payout.amount.currency != Currency::USD || payout.amount.minor >= minimum);
                prop_assert_eq!(payout.items.iter().map(|(_, minor)| minor).sum::<i64>(), payout.amount.minor);
                prop_assert!(payout.items.iter().all(|(_, minor)| *minor != 0));
            }
            let paid: i64 = plan.payouts.iter().map(|payout| payout.amount.minor).sum();
            let carried: i64 = plan.carried_over.iter().map(|carried| carried.amount.minor).sum();
            prop_assert_eq!(paid + carried, rows.iter().map(|row| row.amount.minor).sum::<i64>());
        }
    }
}
