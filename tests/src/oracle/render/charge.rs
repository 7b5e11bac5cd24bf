//! Payment intents and charges.

use super::Told;
use super::event::{self, add, metadata, with};
use crate::oracle::model::{Customer, History, Of, PaidBy, RefundState, Time};
use serde_json::{Value, json};
use stripe::sample::Version;

/// What an intent and its charge have in common.
pub(super) struct Money<'a> {
    pub(super) version: Version,
    pub(super) intent: Option<&'a str>,
    pub(super) charge: &'a str,
    pub(super) customer: Option<&'a Customer>,
    /// Where the receipt goes.
    pub(super) email: Option<&'a str>,
    /// The billing details' address.
    pub(super) payer: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    pub(super) invoice: Option<&'a str>,
    pub(super) amount: i64,
    pub(super) authorised: i64,
    /// `re_…`, where the release is told as a refund.
    pub(super) release: Option<String>,
    /// Whether since basil an event of its own says which invoice it paid.
    pub(super) linked: bool,
    pub(super) currency: &'a str,
    pub(super) says_no: bool,
}

/// The money of a payment, if it took any.
pub(super) fn of(history: &History, payment: Of) -> Option<Money<'_>> {
    let customer = |place: usize| &history.customers[place];
    match payment {
        Of::Checkout(place) => {
            let checkout = &history.checkouts[place];
            let (intent, charge) = checkout.money.as_ref()?;
            Some(Money {
                version: checkout.version,
                intent: Some(intent),
                charge,
                email: None,
                payer: checkout.payer.as_deref(),
                code: None,
                customer: checkout.customer.map(customer),
                invoice: None,
                amount: checkout.takes(),
                authorised: checkout.total,
                release: (checkout.takes() < checkout.total).then(|| format!("re_released_{charge}")),
                linked: true,
                currency: checkout.currency,
                says_no: checkout.charge_says_no,
            })
        }
        Of::Invoice(place) => {
            let invoice = &history.invoices[place];
            let (intent, charge) = invoice.money.as_ref()?;
            Some(Money {
                version: invoice.version,
                intent: Some(intent),
                charge,
                email: None,
                payer: None,
                code: None,
                customer: Some(customer(invoice.customer)),
                invoice: Some(&invoice.id),
                amount: invoice.collected(),
                authorised: invoice.collected(),
                release: None,
                linked: invoice.paid_by == PaidBy::Linked,
                currency: invoice.currency,
                says_no: invoice.charge_says_no,
            })
        }
        Of::Intent(place) => {
            let intent = &history.intents[place];
            Some(Money {
                version: intent.version,
                intent: intent.intent.as_deref(),
                charge: &intent.charge,
                customer: intent.customer.map(customer),
                email: intent.email.as_deref(),
                payer: intent.payer.as_deref(),
                code: intent.code.as_deref(),
                invoice: None,
                amount: intent.amount,
                authorised: intent.amount + intent.uncaptured,
                release: intent.release.clone(),
                linked: true,
                currency: intent.currency,
                says_no: intent.no_commission,
            })
        }
    }
}

impl Money<'_> {
    /// `payment_intent.succeeded` and `charge.succeeded`, and since basil what joins them to the invoice.
    pub(super) fn tell(&self, history: &History, told: &mut Vec<Told>, at: Time) {
        let description = self.invoice.map(|_| "Subscription creation");
        let object = |id| {
            json!({
                "id": id, "object": "payment_intent", "amount": self.authorised, "amount_received": self.amount,
                "currency": self.currency, "latest_charge": self.charge,
                "status": "succeeded", "description": description, "metadata": metadata(self.code, self.says_no),
                "receipt_email": self.email,
            })
        };
        if let Some(id) = self.intent {
            let intent = self.with_invoice(object(id));
            add(history, told, self.version, ("payment_intent.succeeded", at), intent);
        }
        let captured = if self.released() > 0 { "charge.captured" } else { "charge.succeeded" };
        add(history, told, self.version, (captured, at), self.charge_object(0));
        if let Some(id) = &self.release {
            let release = json!({
                "id": id, "object": "refund", "amount": self.released(), "currency": self.currency,
                "charge": self.charge, "payment_intent": self.intent, "status": "succeeded", "created": at,
            });
            add(history, told, self.version, ("refund.created", at), release);
        }
        if let Some(invoice) = self.invoice.filter(|_| self.linked && self.version >= Version::Basil) {
            let paid = json!({
                "id": format!("inpay_{invoice}"), "object": "invoice_payment", "amount_paid": self.amount,
                "currency": self.currency, "invoice": invoice, "status": "paid",
                "payment": {"type": "payment_intent", "payment_intent": self.intent},
            });
            add(history, told, self.version, ("invoice_payment.paid", at), paid);
        }
    }

    /// `charge.refunded`, with what was refunded by then in all.
    pub(super) fn tell_refunded(&self, history: &History, told: &mut Vec<Told>, payment: Of, at: Time) {
        let refunds = history.refunds.iter().filter(|refund| refund.of == payment);
        let stands = |states: &[(Time, RefundState)]| states.iter().rfind(|(then, _)| *then <= at).copied();
        let in_all = refunds
            .filter(|refund| {
                matches!(stands(&refund.states), Some((_, RefundState::Pending | RefundState::Succeeded)))
            })
            .map(|refund| refund.amount)
            .sum();
        add(history, told, self.version, ("charge.refunded", at), self.charge_object(in_all));
    }

    /// What was authorised and not captured, which Stripe counts as refunded.
    fn released(&self) -> i64 {
        (self.authorised - self.amount).max(0)
    }

    fn charge_object(&self, refunded: i64) -> Value {
        self.with_invoice(json!({
            "id": self.charge, "object": "charge", "amount": self.authorised, "amount_captured": self.amount,
            "amount_refunded": refunded + self.released(), "currency": self.currency, "paid": true,
            "payment_intent": self.intent, "status": "succeeded", "metadata": metadata(self.code, self.says_no),
            "receipt_email": self.email, "billing_details": {"email": self.payer},
        }))
    }

    /// Until 2025-03-31 both name their invoice.
    fn with_invoice(&self, object: Value) -> Value {
        let object = with(object, event::customer(self.customer));
        if self.version < Version::Basil { with(object, json!({"invoice": self.invoice})) } else { object }
    }
}
