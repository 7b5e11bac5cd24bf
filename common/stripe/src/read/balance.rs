//! Balance transactions: what an object moved in the account's own currency.

use crate::collector::{FactCollector, identities};
use crate::json::{Identified, Ref, Text, filled};
use domain::fact::{BalanceMoved, FactBody};
use domain::key::Key;
use domain::money::{Currency, Money};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use serde_json::Value;

/// A balance transaction. It decides nothing but shares, so no shape of it is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BalanceTransaction {
    id: Option<Text>,
    amount: Value,
    currency: Option<Text>,
    exchange_rate: Value,
}

impl Identified for BalanceTransaction {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

impl BalanceTransaction {
    fn money(&self) -> Option<Money> {
        let currency = Currency::of_provider(filled(self.currency.as_ref())?).ok()?;
        Some(Money { minor: self.amount.as_i64()?, currency })
    }

    /// The amount before it was converted: in Stripe's minor units, that amount times the rate is this one
    /// (<https://docs.stripe.com/api/balance_transactions/object>).
    fn converted_from(&self) -> Option<i64> {
        let Value::Number(rate) = &self.exchange_rate else { return None };
        let rate = rate.to_string();
        let rate = Decimal::from_str_exact(&rate).or_else(|_| Decimal::from_scientific(&rate)).ok()?;
        let before = Decimal::from(self.amount.as_i64()?).checked_div(rate)?;
        let before = before.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
        i64::try_from(before.normalize().mantissa()).ok().filter(|_| before.normalize().scale() == 0)
    }
}

/// What moved something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved<'a> {
    pub(super) object: &'a str,
    pub(super) charge: Option<&'a Key>,
    pub(super) payment_intent: Option<&'a Key>,
}

/// Adds what a charge brought into the account's balance, where its balance transaction was expanded.
pub(super) fn add_brought(
    of: &Moved<'_>,
    transaction: &Ref<BalanceTransaction>,
    collector: &mut FactCollector<'_>,
) {
    if let Some(transaction) = transaction.object()
        && let Some(money) = transaction.money()
    {
        add(of, money, transaction.converted_from(), collector);
    }
}

/// Adds what a dispute took. What one that was won brought back is not taken off: its status says that.
pub(super) fn add_withdrawn(
    of: &Moved<'_>,
    transactions: &[Ref<BalanceTransaction>],
    collector: &mut FactCollector<'_>,
) {
    if let Some((money, converted_from)) = withdrawn(transactions) {
        add(of, money, converted_from, collector);
    }
}

/// The sum of what was taken. `None` where nothing was, or amounts that have no sum.
fn withdrawn(transactions: &[Ref<BalanceTransaction>]) -> Option<(Money, Option<i64>)> {
    let mut sum: Option<(Money, Option<i64>)> = None;
    for transaction in transactions.iter().filter_map(Ref::object) {
        let Some(money) = transaction.money().filter(|money| money.minor < 0) else { continue };
        let money = Money::zero(money.currency).checked_sub(money).ok()?;
        let converted_from = transaction.converted_from().and_then(i64::checked_neg);
        sum = Some(match sum {
            None => (money, converted_from),
            Some((all, before)) => {
                let before = before.zip(converted_from).and_then(|(before, more)| before.checked_add(more));
                (all.checked_add(money).ok()?, before)
            }
        });
    }
    sum
}

fn add(of: &Moved<'_>, money: Money, converted_from: Option<i64>, collector: &mut FactCollector<'_>) {
    if money.minor <= 0 || money.minor > Money::MOST {
        return;
    }
    let body = BalanceMoved {
        object: of.object.to_owned(),
        charge: of.charge.cloned(),
        payment_intent: of.payment_intent.cloned(),
        money,
        converted_from,
    };
    let identities = identities([body.payment_intent.clone(), body.charge.clone()]);
    collector.add_latest(format!("balance:{}", body.object), 0, identities, FactBody::Balance(body));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withdrawn_of(transactions: &str) -> Option<(i64, String, Option<i64>)> {
        let transactions: Vec<Ref<BalanceTransaction>> = serde_json::from_str(transactions).unwrap();
        withdrawn(&transactions)
            .map(|(money, before)| (money.minor, money.currency.as_str().to_owned(), before))
    }

    #[test]
    fn what_was_taken_counts_and_what_came_back_does_not() {
        let taken = r#"[{"id":"txn_1","amount":-3300,"currency":"usd","exchange_rate":0.66},
                        {"id":"txn_2","amount":3300,"currency":"usd","exchange_rate":null}]"#;
        assert_eq!(withdrawn_of(taken), Some((3_300, "usd".to_owned(), Some(5_000))));
        let adjusted = r#"[{"id":"txn_1","amount":-3000,"currency":"usd"},
                           {"id":"txn_2","amount":-300,"currency":"usd","exchange_rate":0.66}]"#;
        assert_eq!(withdrawn_of(adjusted), Some((3_300, "usd".to_owned(), None)));
    }

    #[test]
    fn no_shape_of_a_balance_transaction_refuses_its_dispute() {
        for nothing in [
            "[]",
            r#"["txn_1"]"#,
            "[null]",
            r#"[{"amount":"-3300","currency":"usd"}]"#,
            r#"[{"amount":-3300,"currency":"dollars"}]"#,
            r#"[{"amount":-1.5,"currency":"usd"}]"#,
            r#"[{"amount":-1,"currency":"usd"},{"amount":-1,"currency":"eur"}]"#,
        ] {
            assert_eq!(withdrawn_of(nothing), None, "{nothing}");
        }
        let odd = |rate: &str| format!(r#"[{{"amount":-3300,"currency":"usd","exchange_rate":{rate}}}]"#);
        for rate in ["0", "0.0", "\"0.66\"", "{}", "1e-400", "1e400", "true"] {
            assert_eq!(withdrawn_of(&odd(rate)), Some((3_300, "usd".to_owned(), None)), "{rate}");
        }
    }
}
