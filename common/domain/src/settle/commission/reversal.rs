//! What of a commission is taken back or held.

use super::book::Book;
use crate::money::ratio_half_even;
use crate::settle::payments::{Collected, Payment};

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
    book: &mut Book,
) -> Option<Reversal> {
    if commission <= 0 {
        return Some(Reversal { clawed_back: 0, held: 0 });
    }
    if payment.posted.is_some_and(|posted| posted.deleted) {
        book.line("taken back", "the conversion was deleted".to_owned(), commission);
        return Some(Reversal { clawed_back: commission, held: 0 });
    }
    if money.gross <= 0 {
        return Some(Reversal { clawed_back: 0, held: 0 });
    }
    let share = |minor: i64| ratio_half_even(commission, minor.min(money.gross), money.gross);
    let clawed_back = share(payment.reversed)?;
    if clawed_back > 0 {
        let how = format!(
            "{} of {} went back, half to even of the original commission",
            book.money(payment.reversed.min(money.gross)),
            book.money(money.gross)
        );
        book.line("taken back", how, clawed_back);
    }
    let held = share(payment.disputed)?.min(commission.checked_sub(clawed_back)?);
    if held > 0 {
        let how = format!("{} of {} is disputed", book.money(payment.disputed), book.money(money.gross));
        book.line("held", how, held);
    }
    Some(Reversal { clawed_back, held })
}
