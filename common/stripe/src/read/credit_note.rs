//! Credit notes.

use super::currency::currency;
use crate::collector::{FactCollector, identities};
use crate::json::{BadField, Items, Ref, Text, UnixTime, filled, parse, required};
use domain::fact::{CreditNoteSeen, CreditNoteStatus, CreditedRefund, FactBody};
use domain::key::KeyKind;
use serde::Deserialize;

/// A credit note. Its refund stands in `refund` before 2025-03-31, in `refunds` since; what was credited
/// before and after payment is told apart since 2025-09-30, and by `type` always.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreditNote {
    id: Option<Text>,
    invoice: Ref,
    currency: Option<Text>,
    amount: Option<i64>,
    post_payment_amount: Option<i64>,
    out_of_band_amount: Option<i64>,
    /// There when part of it was credited to the customer's balance.
    customer_balance_transaction: Ref,
    #[serde(rename = "type")]
    kind: Option<Text>,
    refund: Ref,
    refunds: Items<Part>,
    status: Option<Text>,
    created: Option<UnixTime>,
}

/// A refund's share in a credit note. One that was made elsewhere names no refund of Stripe's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    refund: Ref,
    amount_refunded: Option<i64>,
}

/// Reads a credit note as it stands.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let note: CreditNote = parse(json)?;
    let name = collector.name(required(filled(note.id.as_ref()), "id")?);
    let invoice = collector.key(KeyKind::Invoice, required(note.invoice.id(), "invoice")?);
    let status = note.status(collector.event_type)?;
    let refunds = note.refunds(collector);
    let body = CreditNoteSeen {
        credit_note: name.clone(),
        invoice: invoice.clone(),
        currency: currency(note.currency.as_ref())?,
        post_payment: note.gone_back(&refunds)?,
        refunds,
        status,
        created: note.created.map_or(collector.at, |UnixTime(created)| created),
    };
    let identities = identities([Some(invoice)]);
    collector.add_latest(
        format!("credit_note:{name}"),
        status.rank(),
        identities,
        FactBody::CreditNote(body),
    );
    Ok(())
}

impl CreditNote {
    fn status(&self, event_type: &str) -> Result<CreditNoteStatus, BadField> {
        match filled(self.status.as_ref()) {
            Some("void") => Ok(CreditNoteStatus::Voided),
            None if event_type == "credit_note.voided" => Ok(CreditNoteStatus::Voided),
            Some("issued") | None => Ok(CreditNoteStatus::Issued),
            Some(_) => Err(BadField::new("status", "it is neither issued nor void")),
        }
    }

    /// What was credited after payment, but for what went to the customer's balance: that money stays
    /// collected, and what the balance pays later is not (SEMANTICS 6).
    fn gone_back(&self, refunds: &[CreditedRefund]) -> Result<i64, BadField> {
        let credited = self.post_payment()?;
        if self.customer_balance_transaction.id().is_none() {
            return Ok(credited);
        }
        let refunded = refunds.iter().filter_map(|refund| refund.amount).try_fold(0i64, i64::checked_add);
        refunded
            .and_then(|refunded| refunded.checked_add(self.out_of_band_amount.unwrap_or(0)))
            .map(|gone| gone.min(credited))
            .ok_or_else(|| BadField::new("refunds", "their amounts are too large"))
    }

    fn post_payment(&self) -> Result<i64, BadField> {
        if let Some(amount) = self.post_payment_amount {
            return Ok(amount);
        }
        match required(filled(self.kind.as_ref()), "type")? {
            "pre_payment" => Ok(0),
            "post_payment" => required(self.amount, "amount"),
            "mixed" => required(self.post_payment_amount, "post_payment_amount"),
            _ => Err(BadField::new("type", "it is none of pre_payment, post_payment and mixed")),
        }
    }

    fn refunds(&self, collector: &FactCollector<'_>) -> Vec<CreditedRefund> {
        let credited = |refund: &Ref, amount| {
            let refund = collector.name(refund.id()?);
            Some(CreditedRefund { refund, amount })
        };
        let listed = self.refunds.iter().filter_map(|part| credited(&part.refund, part.amount_refunded));
        let mut refunds: Vec<CreditedRefund> = listed.collect();
        if refunds.is_empty() {
            refunds.extend(credited(&self.refund, None));
        }
        refunds
    }
}
