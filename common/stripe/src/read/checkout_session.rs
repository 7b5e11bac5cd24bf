//! Checkout sessions: where most attributions are met, and payments without an invoice.

use super::currency::currency;
use super::tax::ShippingCost;
use crate::collector::{FactCollector, Touched, identities};
use crate::discount::{Discount, Discounts};
use crate::json::{BadField, Items, Ref, Text, filled, parse, required};
use crate::metadata::Metadata;
use crate::missing::Missing;
use domain::fact::{
    FactBody, SessionCompleted, SessionMode, SessionPaymentStatus, TouchMethod, TouchedObject,
};
use domain::key::{Key, KeyKind};
use serde::Deserialize;

/// A session. Before 2025-01-27 it names no discounts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CheckoutSession {
    id: Option<Text>,
    mode: Option<Text>,
    payment_status: Option<Text>,
    customer: Ref,
    customer_account: Ref,
    customer_details: Option<CustomerDetails>,
    customer_email: Option<Text>,
    client_reference_id: Option<Text>,
    payment_intent: Ref,
    invoice: Ref,
    subscription: Ref,
    currency: Option<Text>,
    amount_total: Option<i64>,
    total_details: Option<TotalDetails>,
    shipping_cost: Option<ShippingCost>,
    discounts: Items<Ref<Discount>>,
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CustomerDetails {
    email: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TotalDetails {
    amount_discount: Option<i64>,
    amount_tax: Option<i64>,
    amount_shipping: Option<i64>,
    breakdown: Option<Breakdown>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Breakdown {
    discounts: Items<DiscountAmount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DiscountAmount {
    discount: Ref<Discount>,
}

/// Reads a completed session, paid or not yet.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let session: CheckoutSession = parse(json)?;
    let key = collector.key(KeyKind::Session, required(filled(session.id.as_ref()), "id")?);
    let mode = session.mode()?;
    let payment_status = session.payment_status(mode)?;
    let payment = mode == SessionMode::Payment && payment_status == SessionPaymentStatus::Paid;
    let currency =
        filled(session.currency.as_ref()).map(|_| currency(session.currency.as_ref())).transpose()?;
    if payment && session.invoice.id().is_none() {
        required(session.amount_total, "amount_total")?;
        required(currency.as_ref(), "currency")?;
    }
    let body = SessionCompleted {
        session: key.clone(),
        mode,
        payment_status,
        customer: collector.customer_of(&session.customer, &session.customer_account),
        email: session.email().map(str::to_owned),
        payment_intent: collector.key_of(KeyKind::PaymentIntent, &session.payment_intent),
        invoice: collector.key_of(KeyKind::Invoice, &session.invoice),
        subscription: collector.key_of(KeyKind::Subscription, &session.subscription),
        currency,
        amount_total: session.amount_total.unwrap_or(0),
        amount_tax: session.totals().amount_tax.unwrap_or(0),
        amount_shipping: session.shipping(),
        completed_at: collector.at,
        no_commission: session.metadata.forbids_commission(),
    };
    let identities = identities([
        Some(key.clone()),
        body.payment_intent.clone(),
        body.invoice.clone(),
        body.customer.clone(),
        collector.key_of(KeyKind::StripeCustomer, &session.customer_account),
        body.subscription.clone(),
        body.email.as_deref().and_then(Key::email),
    ]);

    let (on, customer) = (TouchedObject::Session, body.customer.as_ref());
    let touched = Touched { on, object: &key, customer, at: collector.at };
    collector.touch_metadata(&touched, &session.metadata);
    if let Some(reference) = filled(session.client_reference_id.as_ref()) {
        collector.touch(&touched, TouchMethod::ClientReferenceId, reference.to_owned());
    }
    let discounts = session.all_discounts();
    collector.touch_discounts(&touched, &discounts);
    let unnamed = discounts.found().is_empty() && session.totals().amount_discount.unwrap_or(0) > 0;
    if unnamed || discounts.has_gaps() {
        collector.missing.push(Missing::SessionPromotionCode {
            session: key.clone(),
            account: collector.account.map(str::to_owned),
            event: collector.event.to_owned(),
            at: collector.at,
        });
    }
    let rank = i64::from(payment_status == SessionPaymentStatus::Paid);
    collector.add_latest(format!("session:{key}"), rank, identities, FactBody::Session(body));
    Ok(())
}

/// Reads the codes of a session that was fetched with its discounts expanded, and nothing else of it.
pub(crate) fn read_fetched_codes(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let session: CheckoutSession = parse(json)?;
    let key = collector.key(KeyKind::Session, required(filled(session.id.as_ref()), "id")?);
    let customer = collector.customer_of(&session.customer, &session.customer_account);
    let (on, at) = (TouchedObject::Session, collector.at);
    let touched = Touched { on, object: &key, customer: customer.as_ref(), at };
    collector.touch_discounts(&touched, &session.all_discounts());
    Ok(())
}

static NO_TOTALS: TotalDetails =
    TotalDetails { amount_discount: None, amount_tax: None, amount_shipping: None, breakdown: None };

impl CheckoutSession {
    /// The oldest sessions have no mode: what they made tells it.
    fn mode(&self) -> Result<SessionMode, BadField> {
        match filled(self.mode.as_ref()) {
            Some("payment") => Ok(SessionMode::Payment),
            Some("subscription") => Ok(SessionMode::Subscription),
            Some("setup") => Ok(SessionMode::Setup),
            Some(_) => Err(BadField::new("mode", "it is none of payment, subscription and setup")),
            None if self.subscription.id().is_some() => Ok(SessionMode::Subscription),
            None if self.payment_intent.id().is_some() => Ok(SessionMode::Payment),
            None => Err(BadField::new("mode", "it is absent")),
        }
    }

    fn payment_status(&self, mode: SessionMode) -> Result<SessionPaymentStatus, BadField> {
        match filled(self.payment_status.as_ref()) {
            Some("paid") => Ok(SessionPaymentStatus::Paid),
            Some("unpaid") => Ok(SessionPaymentStatus::Unpaid),
            Some("no_payment_required") => Ok(SessionPaymentStatus::NoPaymentRequired),
            None if mode == SessionMode::Setup => Ok(SessionPaymentStatus::NoPaymentRequired),
            Some(_) => {
                Err(BadField::new("payment_status", "it is none of paid, unpaid and no_payment_required"))
            }
            None => Err(BadField::new("payment_status", "it is absent")),
        }
    }

    fn email(&self) -> Option<&str> {
        let details = self.customer_details.as_ref().and_then(|details| filled(details.email.as_ref()));
        details.or_else(|| filled(self.customer_email.as_ref()))
    }

    fn totals(&self) -> &TotalDetails {
        self.total_details.as_ref().unwrap_or(&NO_TOTALS)
    }

    /// Without tax, which `amount_tax` holds already.
    fn shipping(&self) -> i64 {
        ShippingCost::without_tax(self.shipping_cost.as_ref(), self.totals().amount_shipping)
    }

    fn all_discounts(&self) -> Discounts {
        let mut discounts = Discounts::default();
        self.discounts.iter().for_each(|discount| discounts.note(discount));
        if let Some(breakdown) = &self.totals().breakdown {
            breakdown.discounts.iter().for_each(|taken| discounts.note(&taken.discount));
        }
        discounts
    }
}
