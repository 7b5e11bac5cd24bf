//! The report's tables.

use super::figures::{Customer, Earning};
use crate::output;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, Table};
use domain::money::{Currency, Money};

/// Who earned what.
pub(super) fn earnings(earnings: &[Earning]) -> Table {
    let header = ["affiliate", "customers", "payments", "base", "commission", "taken back", "earned"];
    let mut table = output::table(header);
    for row in earnings {
        let money = |minor| amount(minor, row.currency);
        table.add_row([
            Cell::new(&row.affiliate).add_attribute(Attribute::Bold),
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

/// From whom it was earned, and why.
pub(super) fn customers(customers: &[Customer]) -> Table {
    let mut table = output::table(["affiliate", "customer", "payments", "base", "earned", "why"]);
    for row in customers {
        let affiliate = match &row.affiliate {
            Some(code) => Cell::new(code).add_attribute(Attribute::Bold),
            None => Cell::new("nobody").fg(Color::DarkGrey),
        };
        let currency = row.currency.as_str().to_uppercase();
        let earned = if row.affiliate.is_some() { amount(row.earned, row.currency) } else { String::new() };
        table.add_row([
            affiliate,
            Cell::new(&row.name),
            number(&row.payments.to_string()),
            number(&format!("{} {currency}", amount(row.base, row.currency))),
            number(&earned),
            Cell::new(&row.why),
        ]);
    }
    // Only the last column is wrapped.
    for column in table.column_iter_mut().take(5) {
        column.set_constraint(ColumnConstraint::ContentWidth);
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
