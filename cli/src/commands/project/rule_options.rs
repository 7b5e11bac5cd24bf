//! The rules of a programme as options.

use crate::rules_file;
use clap::Args;
use domain::money::BasisPoints;
use domain::rules::{Commission, Recurring, Rules};
use std::path::PathBuf;

/// The rules, by options or in a file.
#[derive(Args)]
pub(crate) struct RuleArgs {
    /// Which payments of a customer earn: all, first, 12-months, 6-payments [default: all]
    #[arg(long, value_name = "WHICH")]
    recurring: Option<Recurring>,
    /// Days from a payment until its commission may be paid out [default: 0]
    #[arg(long, value_name = "D")]
    hold_days: Option<u32>,
    /// Days from a click within which it binds the customer [default: 60]
    #[arg(long, value_name = "D")]
    window_days: Option<u32>,
    /// All of the rules, as JSON or TOML (docs/RULES.md), in place of the options
    #[arg(long, value_name = "FILE", conflicts_with_all = ["commission", "recurring", "hold_days", "window_days"])]
    rules: Option<PathBuf>,
}

impl RuleArgs {
    /// The rules of a new project: those of the file, else what the options say.
    pub(super) fn first(&self, commission: Option<Commission>) -> anyhow::Result<Rules> {
        // One of the two is there: clap sees to it.
        let nothing = Commission::Percent { basis_points: BasisPoints(0) };
        self.change(commission, &Rules::of(nothing))
    }

    /// The rules of the file, else rules that exist with what was said changed.
    pub(super) fn change(&self, commission: Option<Commission>, rules: &Rules) -> anyhow::Result<Rules> {
        if let Some(path) = &self.rules {
            return rules_file::read(path);
        }
        let changed = Rules {
            commission: commission.unwrap_or(rules.commission),
            recurring: self.recurring.unwrap_or(rules.recurring),
            hold_days: self.hold_days.unwrap_or(rules.hold_days),
            window_days: self.window_days.unwrap_or(rules.window_days),
            ..rules.clone()
        };
        changed.check()?;
        Ok(changed)
    }
}

/// Rules in words.
pub(super) fn in_words(rules: &Rules) -> String {
    let which = match rules.recurring {
        Recurring::All => "every payment".to_owned(),
        Recurring::First => "a customer's first payment".to_owned(),
        Recurring::Months(n) => format!("every payment in a customer's first {n} months"),
        Recurring::Payments(n) => format!("a customer's first {n} payments"),
    };
    let of = match rules.commission {
        Commission::Percent { .. } => "of",
        Commission::Flat { .. } => "for",
    };
    let hold = match rules.hold_days {
        0 => "paid out at any time".to_owned(),
        days => format!("paid out after {days} days"),
    };
    let mut words =
        format!("{} {of} {which}, {hold}, clicks count for {} days", rules.commission, rules.window_days);
    let limits = [
        rules.max_payments.map(|most| format!("no more than {most} payments of a customer")),
        rules.max_months.map(|most| format!("no later than {most} months after a customer's first payment")),
        rules.max_commission.map(|most| format!("no more than {most} for a payment")),
        rules.first_commission.map(|rate| format!("{rate} for a customer's first payment")),
    ];
    let other = rules.commissions().filter(|(place, _)| place != "commission" && place != "first_commission");
    let other = other.map(|(place, rate)| format!("{rate} for {place}"));
    for part in limits.into_iter().flatten().chain(other) {
        words.push_str(", ");
        words.push_str(&part);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use clap::Parser;

    #[test]
    fn a_file_takes_the_place_of_the_options() {
        let accepted = |rules: &[&str]| {
            let create = ["tributary", "project", "create", "--name", "Acme"];
            Options::try_parse_from([&create, rules].concat()).is_ok()
        };
        assert!(accepted(&["--commission", "20%", "--hold-days", "30"]));
        assert!(accepted(&["--rules", "rules.toml"]));
        assert!(!accepted(&[]), "what is paid has to be said");
        for option in ["--commission=20%", "--recurring=first", "--hold-days=30", "--window-days=30"] {
            assert!(!accepted(&["--rules", "rules.toml", option]), "{option}");
        }
    }

    #[test]
    fn rules_are_told_with_all_that_they_pay() {
        let rules = rules_file::parse(include_str!("../../../tests/data/rules.toml")).unwrap();
        let words = in_words(&rules);
        for part in [
            "20% of every payment in a customer's first 12 months",
            "no more than 24 payments",
            "100.00 USD for a payment",
            "50% for a customer's first payment",
            "40% for code launch",
            "5.00usd capped for category Seats",
            "25% for group Partners",
            "22.5% for tier Gold",
        ] {
            assert!(words.contains(part), "{part:?} is missing in {words:?}");
        }
    }
}
