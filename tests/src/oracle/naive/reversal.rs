//! What went back of a payment, and what may (11, 12).

use super::money::half_even;
use crate::oracle::model::{CreditNote, Dispute, History, Of, RefundState, Standing, Stated};
use stripe::sample::Version;

/// Minor units that are gone, and minor units in open disputes.
pub(super) fn of(history: &History, payment: Of) -> (i64, i64) {
    // 11. The refund is the unit: it counts once it has succeeded, and not when it failed or was called
    // off, also after it had succeeded.
    let refunded: i64 = history
        .refunds
        .iter()
        .filter(|refund| refund.of == payment)
        .filter(|refund| matches!(refund.states.last(), Some((_, RefundState::Succeeded))))
        .map(|refund| refund.amount)
        .sum();
    let disputed = |standing: Standing| -> i64 {
        let disputes = history.disputes.iter().filter(|dispute| dispute.of == payment);
        disputes
            .filter(|dispute| dispute.standing() == standing)
            .map(|dispute| counted(history, dispute))
            .sum()
    };
    // Credit after payment, as far as it was not given by a refund, which counts itself.
    let credited: i64 = history
        .credit_notes
        .iter()
        .filter(|note| Of::Invoice(note.invoice) == payment && note.voided.is_none())
        .map(|note| (note.amount - note.refund.map_or(0, |place| given(history, note, place))).max(0))
        .sum();
    // 12. Lost is like refunded; whoever applies it takes back no more than was collected.
    (refunded + credited + disputed(Standing::Lost), disputed(Standing::Open))
}

/// What of a credit note a refund gave. Before basil the note does not say how much that is, and the refund's events, when they
/// are still to come, do not either: then it is all of it.
fn given(history: &History, note: &CreditNote, refund: usize) -> i64 {
    let refund = &history.refunds[refund];
    let untold = history.invoices[note.invoice].version < Version::Basil && refund.states.is_empty();
    if untold { note.amount } else { refund.amount }
}

/// What a dispute comes to in its payment's currency (12): its share of the charge where a balance
/// transaction of the charge, whichever dispute brought it, tells all of it in the dispute's currency;
/// else the whole payment.
fn counted(history: &History, dispute: &Dispute) -> i64 {
    let collected = match dispute.of {
        Of::Checkout(place) => history.checkouts[place].takes(),
        Of::Invoice(place) => history.invoices[place].collected(),
        Of::Intent(place) => history.intents[place].amount,
    };
    let Stated::Abroad { currency: own, .. } = dispute.stated else { return dispute.amount };
    let same_charge = history.disputes.iter().filter(|other| other.of == dispute.of);
    let all = same_charge.filter_map(|other| match other.stated {
        Stated::Abroad { currency, all } if currency == own => all,
        Stated::Abroad { .. } | Stated::AsPaid => None,
    });
    all.min().map_or(collected, |all| half_even(collected, dispute.amount.min(all), all))
}

/// Whether an early fraud warning on the payment still calls for something.
pub(super) fn warned(history: &History, payment: Of) -> bool {
    history.warnings.iter().any(|warning| warning.of == payment && warning.over.is_none())
}
