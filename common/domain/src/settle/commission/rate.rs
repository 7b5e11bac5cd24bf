//! What one rule makes of one base (SEMANTICS 9).

use super::worksheet::Worksheet;
use crate::rules::Commission;
use crate::settle::outcome::{AppliedRule, RuleKind};

/// What is rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rated {
    /// A payment as a whole: a fixed amount is paid once.
    Payment,
    /// A line of so many units: a fixed amount is paid for each.
    Line(i64),
}

/// An amount and how it came about, or why there is none.
pub(super) enum Rating {
    Amount { minor: i64, how: String },
    Nothing(String),
}

/// Rates a base. `None` is an overflow.
pub(super) fn rate(rule: &AppliedRule, base: i64, what: Rated, worksheet: &Worksheet) -> Option<Rating> {
    match rule.commission {
        Commission::Percent { basis_points } => {
            let how = format!(
                "{}{} of {}, half to even",
                whose(rule, Form::Share),
                rule.commission,
                worksheet.money(base)
            );
            Some(Rating::Amount { minor: basis_points.of(base)?, how })
        }
        Commission::Flat { currency, .. } if currency != worksheet.money(0).currency => {
            let whose = match rule.kind {
                RuleKind::First | RuleKind::Default => "the programme".to_owned(),
                RuleKind::Affiliate => "the affiliate's own commission".to_owned(),
                RuleKind::Code | RuleKind::Product | RuleKind::Group | RuleKind::Tier => named(rule),
            };
            let paid = worksheet.money(0).currency;
            Some(Rating::Nothing(format!(
                "{whose} pays {currency}, the payment is in {paid}, and nothing is converted"
            )))
        }
        Commission::Flat { minor, capped_at_base, .. } => {
            let once = format!("{}a fixed {}", whose(rule, Form::Amount), worksheet.money(minor));
            let (full, how) = match what {
                Rated::Payment => (minor, format!("{once} a payment")),
                Rated::Line(_) if base <= 0 => (0, format!("{once}: none for a line that gives back")),
                Rated::Line(quantity) => {
                    (minor.checked_mul(quantity.max(0))?, format!("{once} for each of {quantity}"))
                }
            };
            let capped = capped_at_base && full > base.max(0);
            let minor = if capped { base.max(0) } else { full };
            let how =
                if capped { format!("{how}, at most the base of {}", worksheet.money(base)) } else { how };
            Some(Rating::Amount { minor, how })
        }
    }
}

enum Form {
    Share,
    Amount,
}

/// Whose terms they are; nothing for the programme's.
fn whose(rule: &AppliedRule, form: Form) -> String {
    match (rule.kind, form) {
        (RuleKind::Affiliate, Form::Share) => "the affiliate's own ".to_owned(),
        (RuleKind::Affiliate, Form::Amount) => "the affiliate's own terms: ".to_owned(),
        (RuleKind::First, Form::Share | Form::Amount) => "for the first payment, ".to_owned(),
        (RuleKind::Default, Form::Share | Form::Amount) => String::new(),
        (RuleKind::Code | RuleKind::Product | RuleKind::Group | RuleKind::Tier, _) => {
            format!("{}: ", named(rule))
        }
    }
}

fn named(rule: &AppliedRule) -> String {
    let kind = match rule.kind {
        RuleKind::Affiliate => "affiliate",
        RuleKind::Code => "code",
        RuleKind::Product => "category",
        RuleKind::Group => "group",
        RuleKind::Tier => "tier",
        RuleKind::First | RuleKind::Default => "programme",
    };
    format!("{kind} {}", rule.name.as_deref().unwrap_or_default())
}
