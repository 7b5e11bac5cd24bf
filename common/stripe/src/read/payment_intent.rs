//! Payment intents: which payment they belong to, and what they received.

use super::currency::currency;
use super::invoiced::{PaymentDetails, even_null, invoiced};
use crate::collector::{FactCollector, Touched, identities};
use crate::json::{BadField, Identified, Items, Ref, Text, filled, parse, required};
use crate::metadata::Metadata;
use domain::fact::{FactBody, IntentSucceeded, TouchedObject};
use domain::key::{Key, KeyKind};
use serde::Deserialize;

/// A payment intent. Before 2022-11-15 its charges are a list; until 2025-03-31 it names its invoice.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PaymentIntent {
    id: Option<Text>,
    latest_charge: Ref<SucceededCharge>,
    charges: Items<SucceededCharge>,
    /// None when this version does not say; `Ref::None` when it says that there is none.
    #[serde(deserialize_with = "even_null")]
    invoice: Option<Ref>,
    payment_details: Option<PaymentDetails>,
    description: Option<Text>,
    customer: Ref,
    customer_account: Ref,
    receipt_email: Option<Text>,
    currency: Option<Text>,
    amount: Option<i64>,
    amount_received: Option<i64>,
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SucceededCharge {
    id: Option<Text>,
    paid: Option<bool>,
    billing_details: Option<BillingDetails>,
}

/// Who paid, as the payment method has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BillingDetails {
    email: Option<Text>,
}

impl BillingDetails {
    pub(super) fn email(&self) -> Option<&str> {
        filled(self.email.as_ref())
    }
}

impl Identified for SucceededCharge {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

/// Reads what the intent received, which objects it is one payment with, and the code in its metadata.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let intent: PaymentIntent = parse(json)?;
    let key = collector.key(KeyKind::PaymentIntent, required(filled(intent.id.as_ref()), "id")?);
    let touched =
        Touched { on: TouchedObject::PaymentIntent, object: &key, customer: None, at: collector.at };
    collector.touch_metadata(&touched, &intent.metadata);

    let body = IntentSucceeded {
        payment_intent: key.clone(),
        charge: intent.charge().map(|id| collector.key(KeyKind::Charge, id)),
        customer: collector.customer_of(&intent.customer, &intent.customer_account),
        email: intent.guests(filled(intent.receipt_email.as_ref())),
        billing_email: intent.guests(intent.billing_email()),
        currency: currency(intent.currency.as_ref())?,
        amount_received: required(intent.amount_received, "amount_received")?,
        uncaptured: intent.uncaptured(),
        invoiced: invoiced(
            intent.invoice.as_ref(),
            intent.payment_details.as_ref(),
            intent.description.as_ref(),
            collector,
        ),
        succeeded_at: collector.at,
        no_commission: intent.metadata.forbids_commission(),
    };
    let identities = identities([
        body.invoiced.invoice().cloned(),
        Some(key.clone()),
        body.charge.clone(),
        body.customer.clone(),
        collector.key_of(KeyKind::StripeCustomer, &intent.customer_account),
        body.email.as_deref().and_then(Key::email),
        body.billing_email.as_deref().and_then(Key::email),
    ]);
    collector.add_latest(format!("intent:{key}"), body.amount_received, identities, FactBody::Intent(body));
    Ok(())
}

impl PaymentIntent {
    /// What was authorised and not captured: an intent that succeeded receives nothing more.
    fn uncaptured(&self) -> Option<i64> {
        Some(self.amount?.saturating_sub(self.amount_received?).max(0))
    }

    fn charge(&self) -> Option<&str> {
        self.latest_charge.id().or_else(|| self.paid_charge()?.id())
    }

    fn paid_charge(&self) -> Option<&SucceededCharge> {
        self.charges.iter().find(|charge| charge.paid == Some(true))
    }

    /// A customer's address is the customer's to tell: a receipt may go to their accountant.
    fn guests(&self, email: Option<&str>) -> Option<String> {
        let customer = self.customer.id().or(self.customer_account.id());
        email.filter(|_| customer.is_none()).map(str::to_owned)
    }

    fn billing_email(&self) -> Option<&str> {
        let charge = self.latest_charge.object().or_else(|| self.paid_charge());
        charge.and_then(|charge| charge.billing_details.as_ref()).and_then(BillingDetails::email)
    }
}
