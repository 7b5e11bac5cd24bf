//! How long a customer's payments earn.

use super::ordinal::Ordinal;
use crate::clock::not_after;
use crate::rules::{Recurring, Rules};
use chrono::{DateTime, Months, Utc};

/// Why a payment lies beyond the programme's limits, if it does (SEMANTICS 10). All of them hold.
pub(super) fn beyond(rules: &Rules, ordinal: &Ordinal, at: DateTime<Utc>) -> Option<String> {
    let (payments, months) = match rules.recurring {
        Recurring::All => (None, None),
        Recurring::First => (Some(1), None),
        Recurring::Payments(most) => (Some(most), None),
        Recurring::Months(most) => (None, Some(most)),
    };
    let payments = payments.into_iter().chain(rules.max_payments).min();
    let months = months.into_iter().chain(rules.max_months).min();
    payments
        .and_then(|most| beyond_payments(most, ordinal.n))
        .or_else(|| months.and_then(|most| beyond_months(most, ordinal.first_paid_at, at)))
}

fn beyond_payments(most: u32, n: u32) -> Option<String> {
    (n > most).then(|| match most {
        1 => "only the first payment earns".to_owned(),
        most => format!("payment {n} of the customer: only the first {most} earn"),
    })
}

/// Calendar months, clamped to the month's end: a month after 31 January, 10:00, is 28 or 29 February,
/// 10:00, and that moment is the first that is out.
fn beyond_months(most: u32, first: DateTime<Utc>, at: DateTime<Utc>) -> Option<String> {
    let end = first.checked_add_months(Months::new(most))?;
    not_after(end, at).then(|| {
        let months = if most == 1 { "1 month".to_owned() } else { format!("{most} months") };
        format!("more than {months} after the first payment of {}", first.format("%Y-%m-%d"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::BasisPoints;
    use crate::rules::Commission;

    fn earns(rules: &Rules, n: u32, first: &str, at: &str) -> bool {
        let ordinal = Ordinal { n, first_paid_at: first.parse().unwrap() };
        beyond(rules, &ordinal, at.parse().unwrap()).is_none()
    }

    fn rules(recurring: Recurring) -> Rules {
        Rules { recurring, ..Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) }) }
    }

    #[test]
    fn a_month_after_31_january_is_the_end_of_february() {
        let month = rules(Recurring::Months(1));
        let first = "2026-01-31T10:00:00Z";
        assert!(earns(&month, 2, first, "2026-02-28T09:59:59Z"));
        assert!(!earns(&month, 2, first, "2026-02-28T10:00:00Z"));
        let two = rules(Recurring::Months(2));
        assert!(earns(&two, 2, first, "2026-03-31T09:59:59Z"));
        assert!(!earns(&two, 2, first, "2026-03-31T10:00:00Z"));
    }

    #[test]
    fn leap_years_have_their_29_february() {
        let month = rules(Recurring::Months(1));
        assert!(earns(&month, 2, "2028-01-31T00:00:00Z", "2028-02-28T23:59:59Z"));
        assert!(!earns(&month, 2, "2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z"));
        let year = rules(Recurring::Months(12));
        assert!(earns(&year, 9, "2028-02-29T12:00:00Z", "2029-02-28T11:59:59Z"));
        assert!(!earns(&year, 9, "2028-02-29T12:00:00Z", "2029-02-28T12:00:00Z"));
        let four = rules(Recurring::Months(48));
        assert!(earns(&four, 9, "2028-02-29T12:00:00Z", "2032-02-29T11:59:59Z"));
        assert!(!earns(&four, 9, "2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"));
    }

    #[test]
    fn the_last_second_of_a_day_is_still_that_day() {
        let month = rules(Recurring::Months(1));
        let first = "2026-05-31T23:59:59Z";
        assert!(earns(&month, 2, first, "2026-06-30T23:59:58Z"));
        assert!(!earns(&month, 2, first, "2026-06-30T23:59:59Z"));
    }

    #[test]
    fn a_limit_by_count_and_one_by_months_both_hold() {
        let both = Rules { max_payments: Some(3), ..rules(Recurring::Months(2)) };
        let first = "2026-01-10T00:00:00Z";
        assert!(earns(&both, 3, first, "2026-03-09T23:59:59Z"));
        assert!(!earns(&both, 4, first, "2026-02-01T00:00:00Z"));
        assert!(!earns(&both, 2, first, "2026-03-10T00:00:00Z"));
        let named = Rules { max_payments: Some(3), max_months: Some(2), ..rules(Recurring::All) };
        assert!(!earns(&named, 4, first, "2026-02-01T00:00:00Z"));
        assert!(!earns(&named, 2, first, "2026-03-10T00:00:00Z"));
        let also = Rules { max_months: Some(2), ..rules(Recurring::Payments(3)) };
        assert!(!earns(&also, 4, first, "2026-02-01T00:00:00Z"));
        assert!(!earns(&also, 2, first, "2026-03-10T00:00:00Z"));
    }
}
