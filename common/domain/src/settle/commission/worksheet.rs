//! The worksheet of a commission: its arithmetic, line by line, as the explanation tells it.

use crate::money::{Currency, Money};
use crate::settle::outcome::{AppliedRule, Arithmetic, RatedLine, RuleStory};

/// Collects the lines.
pub(super) struct Worksheet {
    currency: Currency,
    pub(super) rules: Vec<RuleStory>,
    pub(super) lines: Vec<Arithmetic>,
}

impl Worksheet {
    pub(super) fn new(currency: Currency) -> Self {
        Self { currency, rules: Vec::new(), lines: Vec::new() }
    }

    pub(super) fn line(&mut self, what: &str, how: String, minor: i64) {
        self.lines.push(Arithmetic { what: what.to_owned(), how, minor, rule: None, line: None });
    }

    /// What a rule made of the payment, or of one of its lines.
    pub(super) fn rated(
        &mut self,
        what: &str,
        how: String,
        minor: i64,
        rule: AppliedRule,
        line: Option<RatedLine>,
    ) {
        self.lines.push(Arithmetic { what: what.to_owned(), how, minor, rule: Some(rule), line });
    }

    pub(super) fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.currency }
    }
}
