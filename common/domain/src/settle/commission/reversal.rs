//! What of a commission is taken back or held.

use super::worksheet::Worksheet;
use crate::money::ratio_half_even;
use crate::settle::payments::{Collected, Counted, Payment};

/// Minor units that are not the affiliate's any more, or not yet again.
pub(super) struct Reversal {
    pub(super) clawed_back: i64,
    pub(super) held: i64,
}

/// What is taken back and held (SEMANTICS 11, 12), always from the original commission. `None` is
/// an overflow.
pub(super) fn reversal(
    payment: &Payment<'_>,
    money: Collected,
    commission: i64,
    worksheet: &mut Worksheet,
) -> Option<Reversal> {
    if commission <= 0 {
        return Some(Reversal { clawed_back: 0, held: 0 });
    }
    if payment.posted.as_ref().is_some_and(|posted| posted.deleted) {
        worksheet.line("taken back", "the conversion was deleted".to_owned(), commission);
        return Some(Reversal { clawed_back: commission, held: 0 });
    }
    if money.gross <= 0 {
        return Some(Reversal { clawed_back: 0, held: 0 });
    }
    let share = |part: &Counted| ratio_half_even(commission, part.money.minor, money.gross);
    let whole = worksheet.money(money.gross);
    let clawed_back = share(&payment.reversed)?;
    if clawed_back > 0 {
        let Counted { money: back, notes } = &payment.reversed;
        let how = format!("{back} of {whole} went back, half to even of the original commission");
        worksheet.line("taken back", with_notes(&how, notes), clawed_back);
    }
    let held = share(&payment.disputed)?.min(commission.checked_sub(clawed_back)?);
    if held > 0 {
        let Counted { money: disputed, notes } = &payment.disputed;
        worksheet.line("held", with_notes(&format!("{disputed} of {whole} is disputed"), notes), held);
    }
    Some(Reversal { clawed_back, held })
}

/// An amount that was stated in another currency says how it counts.
fn with_notes(how: &str, notes: &[String]) -> String {
    std::iter::once(how).chain(notes.iter().map(String::as_str)).collect::<Vec<_>>().join("; ")
}
