//! What of a payment went back or is in dispute, in minor units (SEMANTICS 11, 12).

use crate::fact::{
    ChargeRefunded, CreditNoteSeen, CreditNoteStatus, DisputeSeen, DisputeStatus, FraudWarningSeen,
    RefundSeen, RefundStatus,
};
use crate::key::Key;
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

impl<'a> Reversals<'a> {
    /// Refunds, credit beyond them, and lost disputes. `None` is an overflow.
    pub(super) fn reversed(&self) -> Option<i64> {
        let lost = self.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Lost);
        let lost = lost.map(|dispute| dispute.amount.max(0)).try_fold(0i64, i64::checked_add)?;
        self.refunded_in_all()?.checked_add(self.credited()?)?.checked_add(lost)
    }

    /// Open disputes. `None` is an overflow.
    pub(super) fn disputed(&self) -> Option<i64> {
        let open = self.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Open);
        open.map(|dispute| dispute.amount.max(0)).try_fold(0i64, i64::checked_add)
    }

    /// The first fraud warning about which something can be done.
    pub(super) fn warning(&self) -> Option<&'a FraudWarningSeen> {
        let actionable = self.warnings.iter().copied().filter(|warning| warning.actionable);
        actionable.min_by_key(|warning| (warning.created, &warning.warning))
    }

    /// The refunds that succeeded, at least what their charge says in all.
    fn refunded_in_all(&self) -> Option<i64> {
        let charge_of: BTreeMap<&Key, &Key> = self
            .refunded
            .iter()
            .filter_map(|refunded| Some((refunded.payment_intent.as_ref()?, &refunded.charge)))
            .collect();
        let mut sources: BTreeMap<Option<&Key>, Source> = BTreeMap::new();
        for refund in &self.refunds {
            let source = refund.charge.as_ref().or_else(|| {
                let intent = refund.payment_intent.as_ref()?;
                Some(charge_of.get(intent).copied().unwrap_or(intent))
            });
            sources.entry(source).or_default().refund(refund)?;
        }
        for refunded in &self.refunded {
            let source = sources.entry(Some(&refunded.charge)).or_default();
            source.in_all = source.in_all.max(refunded.amount_refunded);
        }
        sources.values().try_fold(0i64, |total, source| total.checked_add(source.refunded()?))
    }

    /// What credit notes gave back after payment by other means than refunds: as balance or out of band.
    fn credited(&self) -> Option<i64> {
        let mut total: i64 = 0;
        for note in &self.credit_notes {
            match note.status {
                CreditNoteStatus::Issued => total = total.checked_add(self.beyond_refunds(note)?)?,
                CreditNoteStatus::Voided => {}
            }
        }
        Some(total)
    }

    /// A refund counts by its own events, whatever becomes of it. One of which neither the credit note
    /// nor a refund event told the amount is taken to be all of the credit, until one does.
    fn beyond_refunds(&self, note: &CreditNoteSeen) -> Option<i64> {
        let mut beyond = note.post_payment.max(0);
        for part in &note.refunds {
            let known = || self.refunds.iter().find(|refund| refund.refund == part.refund);
            let amount = part.amount.or_else(|| known().map(|refund| refund.amount)).unwrap_or(beyond);
            beyond = beyond.checked_sub(amount.max(0))?.max(0);
        }
        Some(beyond)
    }
}

/// What went back of one charge.
#[derive(Debug, Default)]
struct Source {
    /// Minor units of the refunds that are known to have succeeded.
    succeeded: i64,
    /// Minor units of the refunds that are known not to be money, or not yet.
    not_money: i64,
    /// What the charge said in all.
    in_all: i64,
}

impl Source {
    fn refund(&mut self, refund: &RefundSeen) -> Option<()> {
        let sum = match refund.status {
            RefundStatus::Succeeded => &mut self.succeeded,
            RefundStatus::Pending | RefundStatus::Failed | RefundStatus::Canceled => &mut self.not_money,
        };
        *sum = sum.checked_add(refund.amount)?;
        Some(())
    }

    /// What a charge says in all counts a refund from its creation on, and perhaps still when it failed:
    /// what is known not to be money is taken out of it.
    fn refunded(&self) -> Option<i64> {
        Some(self.succeeded.max(self.in_all.checked_sub(self.not_money)?).max(0))
    }
}
