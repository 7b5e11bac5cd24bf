//! Which part of a payment an amount is, whatever currency it is stated in (SEMANTICS 12).

use super::collection::{ChargeKeys, Collections};
use crate::fact::BalanceMoved;
use crate::key::Key;
use crate::money::{Currency, Money, ratio_half_even};

/// What a payment collected, and what is known of it in other currencies.
pub(super) struct Whole<'a> {
    pub(super) collected: Money,
    pub(super) collections: &'a Collections<'a>,
    pub(super) balances: &'a [&'a BalanceMoved],
}

/// An amount in the payment's own currency; never more than was collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) money: Money,
    /// How it came about, where it was stated in another currency.
    pub(super) note: Option<String>,
}

/// What is stated: a refund, a dispute, a credit note.
pub(super) struct Stated<'a> {
    /// For a person: `dispute dp_1`.
    pub(super) what: String,
    /// The id under which balance transactions name it.
    pub(super) object: Option<&'a str>,
    pub(super) source: ChargeKeys<'a>,
    /// As its object says it.
    pub(super) minor: i64,
    /// As its object says it.
    pub(super) currency: &'a str,
}

impl Whole<'_> {
    /// Its part in what was collected: as stated, where that is in the payment's currency; else its
    /// share by what Stripe's balance transactions, or the charge itself, say in the same currency; else
    /// the whole payment, since a number of another currency says nothing.
    pub(super) fn part(&self, stated: &Stated<'_>) -> Part {
        let currency = self.collected.currency;
        let said = Currency::stored(stated.currency)
            .ok()
            .map(|currency| Money { minor: stated.minor.max(0), currency });
        let in_own = |money: &Money| money.currency == currency;
        if let Some(money) = said.filter(in_own) {
            return Part { money: self.at_most_all(money.minor), note: None };
        }
        let as_it_says = said.map_or_else(|| stated.currency.to_owned(), |money| money.to_string());
        let (what, source) = (&stated.what, stated.source);
        let moved = self.balances.iter().find(|moved| Some(moved.object.as_str()) == stated.object);
        let moved_in_own = moved.map(|moved| moved.money).filter(in_own).map(|money| money.minor);
        if let Some(minor) = moved_in_own.or_else(|| self.converted(source, moved?, said)) {
            let money = self.at_most_all(minor);
            let note = format!("{what} of {as_it_says} is {money} by its balance transactions");
            return Part { money, note: Some(note) };
        }
        let shares = moved.map(|moved| moved.money).into_iter().chain(said);
        let share = shares.filter_map(|money| Some((money, self.all_in(source, money.currency)?)));
        for (money, all) in share {
            if let Some(part) = ratio_half_even(self.of_source(source), money.minor.min(all), all) {
                let (part, all) = (self.at_most_all(part), Money { minor: all, currency: money.currency });
                let note = format!("{what} of {as_it_says} is {money} of {all}, that is {part}");
                return Part { money: part, note: Some(note) };
            }
        }
        let whole = self.at_most_all(self.collected.minor);
        let note = format!(
            "{what} of {as_it_says} is in another currency than the payment, and nothing tells its share: it \
             counts as the whole payment"
        );
        Part { money: whole, note: Some(note) }
    }

    /// What was converted to the account's currency, where that must have been the payment's: a dispute
    /// that is stated in the account's currency was not converted from its own. A rate that makes more of
    /// it than the rates of two days may differ by is not believed.
    fn converted(&self, source: ChargeKeys<'_>, moved: &BalanceMoved, said: Option<Money>) -> Option<i64> {
        let from_the_payments = said.is_some_and(|said| said.currency == moved.money.currency);
        let before = moved.converted_from.filter(|_| from_the_payments)?;
        Some(before).filter(|before| before / 2 <= self.of_source(source))
    }

    fn at_most_all(&self, minor: i64) -> Money {
        Money { minor: minor.min(self.collected.minor).max(0), currency: self.collected.currency }
    }

    /// What one charge of the payment collected, in the payment's currency.
    fn of_source(&self, source: ChargeKeys<'_>) -> i64 {
        let all = self.collected.minor;
        self.collections.of(source, self.collected.currency).map_or(all, |own| own.min(all))
    }

    /// What one charge of the payment is in all, in another currency.
    fn all_in(&self, source: ChargeKeys<'_>, currency: Currency) -> Option<i64> {
        let charges = || {
            let of_charges = |moved: &&&BalanceMoved| {
                moved.charge.as_ref().is_some_and(|charge| charge.as_str() == moved.object)
            };
            self.balances.iter().filter(of_charges).filter(|moved| moved.money.currency == currency)
        };
        let is = |one: Option<&Key>, other: Option<&Key>| one.is_some() && one == other;
        let by_charge = charges().find(|moved| is(source.charge, moved.charge.as_ref()));
        // An intent may have had several charges.
        let of_intent = |moved: &&&BalanceMoved| is(source.payment_intent, moved.payment_intent.as_ref());
        let by_intent = || only(charges().filter(of_intent));
        let brought = by_charge.or_else(by_intent).or_else(|| only(charges())).map(|moved| moved.money.minor);
        brought.or_else(|| self.collections.of(source, currency)).filter(|all| *all > 0)
    }
}

/// The only one, when there is one.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let one = all.next()?;
    all.next().is_none().then_some(one)
}
