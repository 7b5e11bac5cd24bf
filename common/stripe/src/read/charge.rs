//! Charges: what was captured, what was refunded in all, and which payment a charge belongs to.

use super::balance::{self, BalanceTransaction, Moved};
use super::currency::currency;
use super::invoiced::{PaymentDetails, even_null, invoiced};
use super::payment_intent::BillingDetails;
use super::refund::Refund;
use crate::collector::{FactCollector, Touched, identities};
use crate::json::{BadField, Items, Ref, Text, filled, parse, required};
use crate::metadata::Metadata;
use domain::fact::{ChargeRefunded, ChargeSucceeded, FactBody, TouchedObject};
use domain::key::{Key, KeyKind};
use serde::Deserialize;

/// A charge. Since 2022-11-15 its refunds are not in it, since 2025-03-31 its invoice is not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Charge {
    id: Option<Text>,
    payment_intent: Ref,
    /// None when this version does not say; `Ref::None` when it says that there is none.
    #[serde(deserialize_with = "even_null")]
    invoice: Option<Ref>,
    payment_details: Option<PaymentDetails>,
    description: Option<Text>,
    customer: Ref,
    customer_account: Ref,
    receipt_email: Option<Text>,
    billing_details: Option<BillingDetails>,
    currency: Option<Text>,
    amount: Option<i64>,
    amount_captured: Option<i64>,
    captured: Option<bool>,
    amount_refunded: Option<i64>,
    balance_transaction: Ref<BalanceTransaction>,
    metadata: Metadata,
    refunds: Items<Refund>,
}

/// Reads a charge: its money, or what of it went back.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let charge: Charge = parse(json)?;
    let key = collector.key(KeyKind::Charge, required(filled(charge.id.as_ref()), "id")?);
    let payment_intent = collector.key_of(KeyKind::PaymentIntent, &charge.payment_intent);
    let of = Moved { object: key.as_str(), charge: Some(&key), payment_intent: payment_intent.as_ref() };
    balance::add_brought(&of, &charge.balance_transaction, collector);
    if collector.event_type == "charge.refunded" {
        read_refunded(&key, &charge, collector)?;
    } else {
        let touched = Touched { on: TouchedObject::Charge, object: &key, customer: None, at: collector.at };
        collector.touch_metadata(&touched, &charge.metadata);
        // An authorisation is no money until it is captured.
        if charge.captured != Some(false) {
            return read_money(&key, &charge, collector);
        }
    }
    let payment_intent = collector.key_of(KeyKind::PaymentIntent, &charge.payment_intent);
    let invoice = charge.invoice.as_ref().and_then(|invoice| collector.key_of(KeyKind::Invoice, invoice));
    let customer = collector.customer_of(&charge.customer, &charge.customer_account);
    collector.add_alias([invoice, payment_intent, Some(key)], customer, charge.metadata.forbids_commission());
    Ok(())
}

fn read_money(key: &Key, charge: &Charge, collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let body = ChargeSucceeded {
        charge: key.clone(),
        payment_intent: collector.key_of(KeyKind::PaymentIntent, &charge.payment_intent),
        customer: collector.customer_of(&charge.customer, &charge.customer_account),
        email: charge.guests(filled(charge.receipt_email.as_ref())),
        billing_email: charge.guests(charge.billing_details.as_ref().and_then(BillingDetails::email)),
        currency: currency(charge.currency.as_ref())?,
        amount_captured: required(charge.amount_captured.or(charge.amount), "amount_captured")?,
        uncaptured: charge.uncaptured(),
        invoiced: invoiced(
            charge.invoice.as_ref(),
            charge.payment_details.as_ref(),
            charge.description.as_ref(),
            collector,
        ),
        succeeded_at: collector.at,
        no_commission: charge.metadata.forbids_commission(),
    };
    let identities = identities([
        body.invoiced.invoice().cloned(),
        body.payment_intent.clone(),
        Some(key.clone()),
        body.customer.clone(),
        collector.key_of(KeyKind::StripeCustomer, &charge.customer_account),
        body.email.as_deref().and_then(Key::email),
        body.billing_email.as_deref().and_then(Key::email),
    ]);
    collector.add_latest(format!("charge:{key}"), body.amount_captured, identities, FactBody::Charge(body));
    Ok(())
}

fn read_refunded(key: &Key, charge: &Charge, collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let body = ChargeRefunded {
        charge: key.clone(),
        payment_intent: collector.key_of(KeyKind::PaymentIntent, &charge.payment_intent),
        invoice: charge.invoice.as_ref().and_then(|invoice| collector.key_of(KeyKind::Invoice, invoice)),
        amount_refunded: required(charge.amount_refunded, "amount_refunded")?,
        amount_captured: charge.amount_captured,
        uncaptured: charge.uncaptured(),
        currency: currency(charge.currency.as_ref())?,
    };
    for (index, refund) in charge.refunds.iter().enumerate() {
        refund.collect(collector).map_err(|bad| bad.within(&format!("refunds.data[{index}]")))?;
    }
    if charge.invoice.is_none() {
        collector.miss_invoice_of(body.payment_intent.as_ref());
    }
    let identities = identities([
        body.invoice.clone(),
        body.payment_intent.clone(),
        Some(key.clone()),
        collector.customer_of(&charge.customer, &charge.customer_account),
    ]);
    let rank = body.amount_refunded;
    collector.add_latest(format!("charge_refunded:{key}"), rank, identities, FactBody::ChargeRefunded(body));
    Ok(())
}

impl Charge {
    /// What was authorised and not captured. Stripe counts it in `amount_refunded` once it is released.
    fn uncaptured(&self) -> Option<i64> {
        Some(self.amount?.saturating_sub(self.amount_captured?).max(0))
    }

    /// A customer's address is the customer's to tell.
    fn guests(&self, email: Option<&str>) -> Option<String> {
        let customer = self.customer.id().or(self.customer_account.id());
        email.filter(|_| customer.is_none()).map(str::to_owned)
    }
}
