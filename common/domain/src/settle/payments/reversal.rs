//! What of a payment went back or is in dispute (SEMANTICS 11, 12).

use super::collection::ChargeKeys;
use super::released::Released;
use super::share::{Stated, Whole};
use crate::fact::{
    ChargeRefunded, CreditNoteSeen, CreditNoteStatus, DisputeSeen, DisputeStatus, FraudWarningSeen,
    RefundSeen, RefundStatus,
};
use crate::key::Key;
use crate::money::Money;
use std::collections::BTreeMap;

/// Everything that reverses a payment or puts it in doubt.
#[derive(Debug, Default)]
pub(super) struct Reversals<'a> {
    pub(super) refunds: Vec<&'a RefundSeen>,
    pub(super) refunded: Vec<&'a ChargeRefunded>,
    pub(super) disputes: Vec<&'a DisputeSeen>,
    pub(super) credit_notes: Vec<&'a CreditNoteSeen>,
    pub(super) warnings: Vec<&'a FraudWarningSeen>,
}

/// A sum in the payment's own currency; never more than was collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::settle) struct Counted {
    pub(in crate::settle) money: Money,
    /// How what is stated in other currencies counts.
    pub(in crate::settle) notes: Vec<String>,
}

impl Counted {
    /// Sums the parts of a payment. Beyond the whole payment nothing more can go back.
    fn sum<'s>(whole: &Whole<'_>, stated: impl IntoIterator<Item = Stated<'s>>) -> Self {
        let mut sum = Self { money: Money::zero(whole.collected.currency), notes: Vec::new() };
        for stated in stated.into_iter().filter(|stated| stated.minor > 0) {
            let part = whole.part(&stated);
            sum.notes.extend(part.note);
            sum.money = match sum.money.checked_add(part.money) {
                Ok(money) if money.minor <= whole.collected.minor => money,
                Ok(_) | Err(_) => whole.collected,
            };
        }
        sum
    }
}

impl<'a> Reversals<'a> {
    /// Refunds, credit beyond them, and lost disputes. `None` is an overflow.
    pub(super) fn reversed(&self, whole: &Whole<'_>, released: &Released<'_>) -> Option<Counted> {
        let refunds = self.refunded_in_all(released)?;
        let credit = self.credit_notes.iter().filter(|note| note.status == CreditNoteStatus::Issued);
        let credit = credit.map(|note| self.credited(note)).collect::<Option<Vec<_>>>()?;
        let lost = self.disputes_that_are(DisputeStatus::Lost);
        Some(Counted::sum(whole, refunds.into_iter().chain(credit).chain(lost)))
    }

    /// Open disputes.
    pub(super) fn disputed(&self, whole: &Whole<'_>) -> Counted {
        Counted::sum(whole, self.disputes_that_are(DisputeStatus::Open))
    }

    /// The first fraud warning about which something can be done.
    pub(super) fn warning(&self) -> Option<&'a FraudWarningSeen> {
        let actionable = self.warnings.iter().copied().filter(|warning| warning.actionable);
        actionable.min_by_key(|warning| (warning.created, &warning.warning))
    }

    fn disputes_that_are(&self, status: DisputeStatus) -> impl Iterator<Item = Stated<'_>> {
        self.disputes.iter().filter(move |dispute| dispute.status == status).map(|dispute| Stated {
            what: format!("dispute {}", dispute.dispute),
            object: Some(&dispute.dispute),
            source: ChargeKeys {
                charge: dispute.charge.as_ref(),
                payment_intent: dispute.payment_intent.as_ref(),
            },
            minor: dispute.amount,
            currency: &dispute.currency,
        })
    }

    /// The refunds that succeeded, at least what their charge says in all: one sum for each charge. What was
    /// released uncaptured is taken off first: out of the sum, and out of the refunds the one that stands for it.
    fn refunded_in_all(&self, released: &Released<'_>) -> Option<Vec<Stated<'_>>> {
        let charge_of: BTreeMap<&Key, &Key> = self
            .refunded
            .iter()
            .filter_map(|refunded| Some((refunded.payment_intent.as_ref()?, &refunded.charge)))
            .collect();
        let mut charges: BTreeMap<(Option<&Key>, &str), Refunds> = BTreeMap::new();
        let mut refunds = self.refunds.clone();
        refunds.sort_by_key(|refund| (refund.created, &refund.refund));
        for refund in refunds {
            let charge = refund.charge.as_ref().or_else(|| {
                let intent = refund.payment_intent.as_ref()?;
                Some(charge_of.get(intent).copied().unwrap_or(intent))
            });
            let charge = charges.entry((charge, &refund.currency)).or_default();
            if !charge.release_met && released.is_release(refund) {
                charge.release_met = true;
            } else {
                charge.count(refund)?;
            }
        }
        for refunded in &self.refunded {
            let charge = charges.entry((Some(&refunded.charge), &refunded.currency)).or_default();
            charge.in_all = charge.in_all.max(refunded.amount_refunded);
        }
        let sums = charges.into_iter().map(|((charge, currency), refunds)| {
            Some(Stated {
                what: charge
                    .map_or_else(|| "a refund".to_owned(), |charge| format!("the refund of {charge}")),
                object: None,
                source: ChargeKeys { charge, payment_intent: charge },
                minor: refunds.sum(released.of_charge(charge, currency))?,
                currency,
            })
        });
        sums.collect()
    }

    /// What a credit note gave back after payment by other means than refunds: as balance or out of band.
    ///
    /// A refund counts by its own events, whatever becomes of it. One of which neither the credit note
    /// nor a refund event told the amount in the note's currency is taken to be all of the credit, until
    /// one does.
    fn credited<'n>(&self, note: &'n CreditNoteSeen) -> Option<Stated<'n>> {
        let mut beyond = note.post_payment.max(0);
        for part in &note.refunds {
            let same =
                |refund: &&&RefundSeen| refund.refund == part.refund && refund.currency == note.currency;
            let known = || self.refunds.iter().find(same);
            let amount = part.amount.or_else(|| known().map(|refund| refund.amount)).unwrap_or(beyond);
            beyond = beyond.checked_sub(amount.max(0))?.max(0);
        }
        Some(Stated {
            what: format!("credit note {}", note.credit_note),
            object: None,
            source: ChargeKeys::default(),
            minor: beyond,
            currency: &note.currency,
        })
    }
}

/// The refunds of one charge, in its currency.
#[derive(Debug, Default)]
struct Refunds {
    /// Minor units that are known to have gone back.
    succeeded: i64,
    /// Minor units of the refunds that are known not to be money, or not yet.
    not_money: i64,
    /// What the charge said in all.
    in_all: i64,
    /// Whether one of the refunds stood for what was released uncaptured.
    release_met: bool,
}

impl Refunds {
    fn count(&mut self, refund: &RefundSeen) -> Option<()> {
        let sum = match refund.status {
            RefundStatus::Succeeded => &mut self.succeeded,
            RefundStatus::Pending | RefundStatus::Failed | RefundStatus::Canceled => &mut self.not_money,
        };
        *sum = sum.checked_add(refund.amount)?;
        Some(())
    }

    /// What a charge says in all counts a refund from its creation on, and perhaps still when it failed:
    /// what is known not to be money is taken out of it.
    fn sum(&self, released: i64) -> Option<i64> {
        let in_all = self.in_all.checked_sub(self.not_money)?.checked_sub(released)?;
        Some(self.succeeded.max(in_all).max(0))
    }
}
