//! The parts of a payment that are rated one by one.

use crate::fact::InvoiceLine;
use crate::money::split_by_largest_remainder;
use crate::settle::payments::{Collected, Payment};

/// A line of an invoice and its share in the base.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) line: &'a InvoiceLine,
    /// Minor units; negative for a proration's credit.
    pub(super) base: i64,
}

/// The payment's base over its lines (SEMANTICS 7). `None` where there is nothing to go by: no lines, or
/// lines that do not sum to a positive amount.
pub(super) fn parts<'a>(payment: &Payment<'a>, money: Collected) -> Option<Vec<Part<'a>>> {
    let weights: Vec<i64> = payment.lines.iter().map(|line| line.amount).collect();
    let bases = split_by_largest_remainder(money.base, &weights)?;
    Some(payment.lines.iter().zip(bases).map(|(line, base)| Part { line, base }).collect())
}
