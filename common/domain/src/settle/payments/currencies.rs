//! Money of two currencies is two payments: it has no sum, and none of it is lost (SEMANTICS 15).

use super::Parts;
use crate::fact::InvoicePaid;
use crate::key::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

/// What tells one payment, and the keys that name it.
pub(super) type OfOneCurrency<'a> = (Parts<'a>, BTreeSet<Key>);

/// Invoices that one payment is said to have settled, in more than one currency: those in the currency of
/// the money that was taken stay, else those in that of the first one paid. What the others were paid in
/// is a payment by itself, with what is said of its invoices alone.
pub(super) fn split(mut parts: Parts<'_>, mut aliases: BTreeSet<Key>) -> Vec<OfOneCurrency<'_>> {
    let Some(own) = leading_currency(&parts) else { return vec![(parts, aliases)] };
    let mut foreign: BTreeMap<&str, Parts<'_>> = BTreeMap::new();
    for (invoice, known) in mem::take(&mut parts.invoices) {
        if invoice.currency == own {
            parts.invoices.push((invoice, known));
        } else {
            foreign.entry(&invoice.currency).or_default().invoices.push((invoice, known));
        }
    }
    let mut split = Vec::new();
    for mut other in foreign.into_values() {
        let invoices: BTreeSet<Key> =
            other.invoices.iter().map(|(invoice, _)| invoice.invoice.clone()).collect();
        let is_its = |invoice: &Key| invoices.contains(invoice);
        other.sessions =
            take(&mut parts.sessions, |(session, _)| session.invoice.as_ref().is_some_and(is_its));
        other.posted = take(&mut parts.posted, |(posted, _)| is_its(&posted.conversion.payment));
        other.lines = take(&mut parts.lines, |lines| is_its(&lines.invoice));
        let notes = &mut parts.reversals.credit_notes;
        other.reversals.credit_notes = take(notes, |note| is_its(&note.invoice));
        let sessions = other.sessions.iter().map(|(session, _)| session.session.clone());
        let posted = other.posted.iter().map(|(posted, _)| Key::conversion(posted.conversion.conversion));
        let own: BTreeSet<Key> = sessions.chain(posted).chain(invoices.iter().cloned()).collect();
        aliases.retain(|key| !own.contains(key));
        split.push((other, own));
    }
    split.insert(0, (parts, aliases));
    split
}

/// `None` where there is nothing to split.
fn leading_currency<'a>(parts: &Parts<'a>) -> Option<&'a str> {
    let invoices = || parts.invoices.iter().map(|(invoice, _)| *invoice);
    let currencies: BTreeSet<&str> = invoices().map(|invoice| invoice.currency.as_str()).collect();
    if currencies.len() < 2 {
        return None;
    }
    let taken = parts.collections.leading().into_iter().map(|one| one.currency);
    // An invoice of nothing, a trial's, leads none that was paid.
    let rank = |invoice: &&InvoicePaid| (invoice.amount_paid <= 0, invoice.paid_at, invoice.invoice.clone());
    let first = invoices().min_by_key(rank).map(|invoice| invoice.currency.as_str());
    taken.filter(|currency| currencies.contains(currency)).chain(first).next()
}

fn take<T>(list: &mut Vec<T>, theirs: impl Fn(&T) -> bool) -> Vec<T> {
    let (taken, left) = mem::take(list).into_iter().partition(theirs);
    *list = left;
    taken
}
