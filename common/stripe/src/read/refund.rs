//! Refunds.

use super::currency::currency;
use crate::collector::{FactCollector, identities};
use crate::json::{BadField, Ref, Text, UnixTime, filled, parse, required};
use domain::fact::{FactBody, RefundSeen, RefundStatus};
use domain::key::KeyKind;
use serde::Deserialize;

/// A refund, alone or in its charge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refund {
    id: Option<Text>,
    amount: Option<i64>,
    currency: Option<Text>,
    charge: Ref,
    payment_intent: Ref,
    status: Option<Text>,
    created: Option<UnixTime>,
}

/// Reads a refund. Its invoice is never in it.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let refund: Refund = parse(json)?;
    refund.collect(collector)?;
    let payment_intent = collector.key_of(KeyKind::PaymentIntent, &refund.payment_intent);
    collector.miss_invoice_of(payment_intent.as_ref());
    Ok(())
}

impl Refund {
    /// Reads one refund with what it says itself.
    pub(super) fn collect(&self, collector: &mut FactCollector<'_>) -> Result<(), BadField> {
        let name = collector.name(required(filled(self.id.as_ref()), "id")?);
        let status = self.status()?;
        let body = RefundSeen {
            refund: name.clone(),
            charge: collector.key_of(KeyKind::Charge, &self.charge),
            payment_intent: collector.key_of(KeyKind::PaymentIntent, &self.payment_intent),
            amount: required(self.amount, "amount")?,
            currency: currency(self.currency.as_ref())?,
            status,
            created: self.created.map_or(collector.at, |UnixTime(created)| created),
        };
        let identities = identities([body.payment_intent.clone(), body.charge.clone()]);
        collector.add_latest(format!("refund:{name}"), status.rank(), identities, FactBody::Refund(body));
        Ok(())
    }

    /// A refund without a status is an old one, made at once.
    fn status(&self) -> Result<RefundStatus, BadField> {
        match filled(self.status.as_ref()) {
            Some("pending" | "requires_action") => Ok(RefundStatus::Pending),
            Some("succeeded") | None => Ok(RefundStatus::Succeeded),
            Some("failed") => Ok(RefundStatus::Failed),
            Some("canceled") => Ok(RefundStatus::Canceled),
            Some(_) => Err(BadField::new("status", "it is no status of a refund that this version knows")),
        }
    }
}
