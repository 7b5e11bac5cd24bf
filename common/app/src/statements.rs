//! An affiliate's account in words.

use crate::spreadsheet;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::money::Money;
use store::statements::{Line, Period, Statement};

const COLUMNS: [&str; 9] =
    ["currency", "date", "what", "conversion", "payment", "payout", "amount", "held", "balance"];

/// Statements of one affiliate as CSV: for each currency its opening balance, its lines, its closing balance.
#[must_use]
pub fn csv(statements: &[Statement], period: Period) -> String {
    let mut rows = vec![COLUMNS.map(ToOwned::to_owned)];
    for of in statements {
        let code = of.currency.as_str().to_uppercase();
        let edge = |date: Option<DateTime<Utc>>, what: &str, balance: Money| {
            let mut row: [String; 9] = Default::default();
            let cells = [
                (0, code.clone()),
                (1, date.map(time).unwrap_or_default()),
                (2, what.to_owned()),
                (8, balance.to_decimal()),
            ];
            for (place, cell) in cells {
                if let Some(empty) = row.get_mut(place) {
                    *empty = cell;
                }
            }
            row
        };
        rows.push(edge(period.from, "opening balance", of.opening));
        rows.extend(of.lines.iter().map(|line| row(&code, line)));
        rows.push(edge(period.before, "closing balance", of.closing));
    }
    spreadsheet::csv(rows)
}

fn row(code: &str, line: &Line) -> [String; 9] {
    let (conversion, payment) =
        line.conversion.as_ref().map(|(id, payment)| (id.to_string(), payment)).unzip();
    [
        code.to_owned(),
        time(line.posted_at),
        spreadsheet::text(&in_words(line)),
        conversion.unwrap_or_default(),
        spreadsheet::text(payment.map(String::as_str).unwrap_or_default()),
        line.payout.map(|id| id.to_string()).unwrap_or_default(),
        line.amount.to_decimal(),
        line.held.to_decimal(),
        line.balance.to_decimal(),
    ]
}

/// As REST writes it.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What a line of a statement is about: the ledger's cause, by whom and why.
#[must_use]
pub fn in_words(line: &Line) -> String {
    if let Some(payout) = line.payout {
        let reference = line.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
        return format!("payout {payout}{reference}");
    }
    let what = movement(line);
    match (&line.actor, &line.reason) {
        (Some(actor), Some(reason)) => format!("{what}, by {actor}: {reason}"),
        (None, _) | (_, None) => what,
    }
}

fn movement(line: &Line) -> String {
    let what = match line.cause.as_str() {
        "earned" => "commission",
        "amended" => "commission amended",
        "clawed_back" => "taken back",
        "clawback_amended" => "no longer taken back",
        "held" => return format!("held: {}", line.held),
        "released" => {
            let minor = line.held.minor.saturating_neg();
            return format!("no longer held: {}", Money { minor, ..line.held });
        }
        "paid" => "paid, as reported over the API",
        "payment_amended" => "payment reported over the API amended",
        other => other,
    };
    what.to_owned()
}
