//! The report's tables.

use super::report::{Earning, Payment, short};
use crate::output;
use comfy_table::{Attribute, Cell, CellAlignment, Color, Table};
use common::domain::money::{Currency, Money};

/// Who earned what.
pub(super) fn earnings(earnings: &[Earning]) -> Table {
    let header =
        ["affiliate", "e-mail", "customers", "payments", "base", "commission", "taken back", "earned"];
    let mut table = output::table(header);
    for row in earnings {
        let money = |minor| amount(minor, row.currency);
        table.add_row([
            Cell::new(&row.affiliate).add_attribute(Attribute::Bold),
            Cell::new(&row.email),
            number(&row.customers.to_string()),
            number(&row.payments.to_string()),
            number(&money(row.base)),
            number(&money(row.commission)),
            taken_back(row.taken_back, row.currency),
            number(&format!("{} {}", money(row.earned), row.currency.as_str().to_uppercase()))
                .add_attribute(Attribute::Bold)
                .fg(Color::Green),
        ]);
    }
    table
}

/// Which payment earned it, and why.
pub(super) fn payments(payments: &[Payment]) -> Table {
    let header = ["affiliate", "customer", "payment", "base", "commission", "taken back", "why"];
    let mut table = output::table(header);
    for row in payments {
        let affiliate = match &row.affiliate {
            Some(code) => Cell::new(code).add_attribute(Attribute::Bold),
            None => Cell::new("nobody").fg(Color::DarkGrey),
        };
        let currency = row.currency.as_str().to_uppercase();
        let earns = row.affiliate.is_some();
        let commission = if earns { amount(row.commission, row.currency) } else { String::new() };
        table.add_row([
            affiliate,
            Cell::new(&row.customer),
            Cell::new(format!("{} {}", row.date, short(&row.key))),
            number(&format!("{} {currency}", amount(row.base, row.currency))),
            number(&commission),
            taken_back(row.taken_back, row.currency),
            Cell::new(&row.why),
        ]);
    }
    table
}

fn amount(minor: i64, currency: Currency) -> String {
    Money { minor, currency }.to_decimal()
}

fn number(text: &str) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn taken_back(minor: i64, currency: Currency) -> Cell {
    if minor == 0 { Cell::new("") } else { number(&amount(-minor, currency)).fg(Color::Red) }
}
