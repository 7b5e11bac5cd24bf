//! The rules of a programme as options.

use clap::Args;
use common::domain::rules::{Commission, Recurring, Rules};

/// The rules but for the commission.
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
}

impl RuleArgs {
    /// The rules of a new project.
    pub(super) fn first(&self, commission: Commission) -> Rules {
        self.change(&Rules::of(commission))
    }

    /// Rules that exist, with what was said changed.
    pub(super) fn change(&self, rules: &Rules) -> Rules {
        Rules {
            recurring: self.recurring.unwrap_or(rules.recurring),
            hold_days: self.hold_days.unwrap_or(rules.hold_days),
            window_days: self.window_days.unwrap_or(rules.window_days),
            ..rules.clone()
        }
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
    format!("{} {of} {which}, {hold}, clicks count for {} days", rules.commission, rules.window_days)
}
