//! Affiliates: a list with what each is owed, and one with its account.

pub(crate) mod account;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod statement;

use crate::elements::{Cell, cell, money, table};
use domain::money::Money;
use maud::Markup;
use store::statements::Balance;

/// What an affiliate's accounts come to, a row for each currency.
pub(crate) fn balances(of: &[Balance]) -> Markup {
    let rows: Vec<_> = of.iter().map(figures).collect();
    table("Balances by currency", &HEAD, &rows, "Nothing was earned yet.")
}

pub(crate) const HEAD: [&str; 6] = ["Earned", "Taken back", "Refund rate", "Held", "Paid", "Owed"];

/// A row's cells below [`HEAD`].
pub(crate) fn figures(balance: &Balance) -> Vec<Cell> {
    let amount = |minor| money(Money { minor, currency: balance.currency });
    vec![
        amount(balance.earned),
        amount(balance.clawed_back),
        rate(balance),
        amount(balance.held),
        amount(balance.paid),
        amount(balance.payable),
    ]
}

/// What of the commission was taken back, in tenths of a percent.
fn rate(balance: &Balance) -> Cell {
    let (earned, back) = (i128::from(balance.earned), i128::from(balance.clawed_back));
    if earned == 0 {
        return cell("–");
    }
    let tenths = back.saturating_mul(1_000) / earned;
    crate::elements::number(format!("{}.{} %", tenths / 10, tenths % 10))
}
