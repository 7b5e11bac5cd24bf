//! The original commission of a payment (SEMANTICS 7–10).

use super::choice::Choice;
use super::limits;
use super::lines::{self, Part};
use super::ordinal::Ordinal;
use super::rate::{Rated, Rating, rate};
use super::worksheet::Worksheet;
use crate::fact::ConversionKind;
use crate::money::{Currency, Money};
use crate::rules::{Commission, Rules};
use crate::settle::outcome::{AppliedRule, Bind, RatedLine};
use crate::settle::payments::{Collected, Payment};

/// A payment that an affiliate brought, and what it is judged by.
#[derive(Clone, Copy)]
pub(super) struct Sale<'a> {
    pub(super) payment: &'a Payment<'a>,
    pub(super) money: Collected,
    pub(super) ordinal: Option<&'a Ordinal>,
    pub(super) rules: &'a Rules,
    pub(super) bind: &'a Bind,
    /// The affiliate's own commission.
    pub(super) own: Option<Commission>,
}

/// What a payment earns.
pub(super) enum Earned {
    /// Minor units.
    Amount(i64),
    /// Nothing, and why.
    Nothing(Option<String>),
}

/// The original commission. One that no ledger entry can hold is none, with that reason: a payment that
/// cannot be computed must not keep the customer's others from being settled.
pub(super) fn earned(sale: &Sale<'_>, worksheet: &mut Worksheet) -> Earned {
    match computed(sale, worksheet) {
        Some(Earned::Amount(minor)) if minor <= Money::MOST => Earned::Amount(minor),
        Some(Earned::Nothing(reason)) => Earned::Nothing(reason),
        Some(Earned::Amount(_)) | None => {
            Earned::Nothing(Some("the commission would be larger than the ledger can hold".to_owned()))
        }
    }
}

/// The same. `None` is an overflow.
fn computed(sale: &Sale<'_>, worksheet: &mut Worksheet) -> Option<Earned> {
    let Sale { payment, money, rules, .. } = *sale;
    let nothing = |reason: String| Some(Earned::Nothing(Some(reason)));
    if let Some(object) = &payment.no_commission {
        return nothing(format!("{object} says commission: false"));
    }
    if let Some((value, written)) = payment.posted.as_ref().and_then(|posted| posted.value) {
        if Currency::stored(written) == Ok(money.currency) {
            worksheet.line("commission", "named over the API".to_owned(), value);
            return Some(Earned::Amount(value.max(0)));
        }
        let how = format!(
            "a commission in {} was named over the API; the payment is in {}, and nothing is converted, so it \
             earns by the rules",
            written, money.currency
        );
        worksheet.line("named", how, 0);
    }
    if payment.kind() == ConversionKind::Signup {
        return nothing("a signup earns nothing by the programme's rules".to_owned());
    }
    let how = if money.base == money.gross {
        "what was collected".to_owned()
    } else {
        format!("{} collected, without its share of tax and shipping", worksheet.money(money.gross))
    };
    worksheet.line("base", how, money.base);
    if money.base <= 0 {
        return nothing("nothing is left without tax and shipping".to_owned());
    }
    let Some(ordinal) = sale.ordinal else {
        return nothing("the customer says commission: false".to_owned());
    };
    if let Some(reason) = limits::beyond(rules, ordinal, payment.at) {
        return nothing(reason);
    }
    let choice = Choice::new(rules, sale.bind, sale.own, ordinal);
    let parts = if choice.is_by_line() { lines::parts(payment, money) } else { None };
    let earned = match parts {
        Some(parts) => by_line(sale, &parts, &choice, worksheet)?,
        None => as_a_whole(sale, &choice, worksheet)?,
    };
    Some(match earned {
        Earned::Amount(minor) => Earned::Amount(capped(minor, rules, worksheet)),
        Earned::Nothing(reason) => Earned::Nothing(reason),
    })
}

fn as_a_whole(sale: &Sale<'_>, choice: &Choice<'_>, worksheet: &mut Worksheet) -> Option<Earned> {
    let rule = choice.of_payment();
    let undivided = match sale.payment.lines.len() {
        0 => "the payment has no lines",
        _ => "the lines do not sum to a positive amount, so the payment counts as one",
    };
    worksheet.rules = choice.stories(std::slice::from_ref(&rule), Some(undivided));
    Some(match rate(&rule, sale.money.base, Rated::Payment, worksheet)? {
        Rating::Amount { minor, how } => {
            worksheet.rated("commission", how, minor, rule, None);
            Earned::Amount(minor)
        }
        Rating::Nothing(reason) => Earned::Nothing(Some(reason)),
    })
}

fn by_line(
    sale: &Sale<'_>,
    parts: &[Part<'_>],
    choice: &Choice<'_>,
    worksheet: &mut Worksheet,
) -> Option<Earned> {
    let rules: Vec<AppliedRule> = parts.iter().map(|part| choice.of_line(part.line)).collect();
    worksheet.rules = choice.stories(&rules, None);
    let invoiced = parts.iter().try_fold(0i64, |sum, part| sum.checked_add(part.line.amount))?;
    if !sale.payment.lines_complete {
        let how = "Stripe sent only the first lines of the invoice: the base is split over these";
        worksheet.line("lines", how.to_owned(), invoiced);
    }
    let mut sum = 0i64;
    let mut refused = None;
    for (n, (part, rule)) in (1u32..).zip(parts.iter().zip(rules)) {
        let sold = sold(part, invoiced, sale.money.base, worksheet);
        let (minor, how) = match rate(&rule, part.base, Rated::Line(part.line.quantity), worksheet)? {
            Rating::Amount { minor, how } => (minor, how),
            Rating::Nothing(reason) => {
                refused.get_or_insert_with(|| reason.clone());
                (0, reason)
            }
        };
        worksheet.rated(&format!("line {n}"), format!("{sold}; {how}"), minor, rule, Some(rated_line(part)));
        sum = sum.checked_add(minor)?;
    }
    if sum < 0 {
        let how = format!("the lines sum to {}, which counts as nothing", worksheet.money(sum));
        worksheet.line("commission", how, 0);
        return Some(Earned::Nothing(Some("the invoice's lines earn less than nothing in sum".to_owned())));
    }
    let how = if parts.len() == 1 { "of the only line" } else { "the sum of the lines" };
    worksheet.line("commission", how.to_owned(), sum);
    Some(match refused {
        Some(reason) if sum == 0 => Earned::Nothing(Some(reason)),
        Some(_) | None => Earned::Amount(sum),
    })
}

/// What a line sold, and its share in the base.
fn sold(part: &Part<'_>, invoiced: i64, base: i64, worksheet: &Worksheet) -> String {
    let line = part.line;
    let what = line.product.as_deref().or(line.price.as_deref()).unwrap_or("no product");
    let units = if line.quantity == 1 { String::new() } else { format!("{} × ", line.quantity) };
    let proration = if line.proration { " (proration)" } else { "" };
    let amount = worksheet.money(line.amount);
    if invoiced == base {
        return format!("{units}{what}{proration}, {amount}");
    }
    let (invoiced, share) = (worksheet.money(invoiced), worksheet.money(part.base));
    format!("{units}{what}{proration}, {amount} of {invoiced} invoiced, which is {share} of the base")
}

fn rated_line(part: &Part<'_>) -> RatedLine {
    let line = part.line;
    RatedLine {
        id: line.id.clone(),
        product: line.product.clone(),
        price: line.price.clone(),
        quantity: line.quantity,
        amount: line.amount,
        base: part.base,
    }
}

/// Never more than the programme's most, where that is in the payment's currency.
fn capped(minor: i64, rules: &Rules, worksheet: &mut Worksheet) -> i64 {
    match rules.max_commission {
        Some(most) if most.currency == worksheet.money(0).currency && minor > most.minor => {
            let how =
                format!("a payment earns at most {most}; it would have been {}", worksheet.money(minor));
            worksheet.line("capped", how, most.minor);
            most.minor
        }
        Some(_) | None => minor,
    }
}
