//! Invoices: the payments of subscriptions, and every other payment that has an invoice.

use super::currency::currency;
use super::invoice_line::Line;
use super::invoiced::even_null;
use super::tax::{ShippingCost, Tax};
use crate::collector::{FactCollector, Touched, identities};
use crate::discount::{Discount, Discounts};
use crate::json::{BadField, Items, Ref, Text, UnixTime, filled, parse, required};
use crate::metadata::Metadata;
use crate::missing::Missing;
use chrono::{DateTime, Utc};
use domain::fact::{FactBody, InvoicePaid, TouchedObject};
use domain::key::{Key, KeyKind};
use serde::Deserialize;

/// An invoice. 2025-03-31 moved the subscription to `parent` and took payment intent and charge away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoice {
    id: Option<Text>,
    pub(super) amount_paid: Option<i64>,
    pub(super) amount_due: Option<i64>,
    amount_overpaid: Option<i64>,
    pub(super) paid_out_of_band: Option<bool>,
    status: Option<Text>,
    pub(super) total: Option<i64>,
    pub(super) total_excluding_tax: Option<i64>,
    pub(super) total_taxes: Items<Tax>,
    pub(super) total_tax_amounts: Items<Tax>,
    pub(super) tax: Option<i64>,
    pub(super) shipping_cost: Option<ShippingCost>,
    pub(super) amount_shipping: Option<i64>,
    customer: Ref,
    customer_account: Ref,
    customer_email: Option<Text>,
    parent: Option<Parent>,
    subscription: Ref,
    subscription_details: Option<SubscriptionDetails>,
    /// Until 2025-03-31; null when no payment intent of Stripe's paid it.
    #[serde(deserialize_with = "even_null")]
    payment_intent: Option<Ref>,
    /// The same of charges.
    #[serde(deserialize_with = "even_null")]
    charge: Option<Ref>,
    currency: Option<Text>,
    status_transitions: Option<StatusTransitions>,
    billing_reason: Option<Text>,
    metadata: Metadata,
    lines: Items<Line>,
    discount: Ref<Discount>,
    discounts: Items<Ref<Discount>>,
    total_discount_amounts: Items<DiscountAmount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

/// A subscription as it was when the invoice was finalised.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SubscriptionDetails {
    subscription: Ref,
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusTransitions {
    finalized_at: Option<UnixTime>,
    paid_at: Option<UnixTime>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DiscountAmount {
    discount: Ref<Discount>,
}

/// Reads a settled invoice. `invoice.paid` and `invoice.payment_succeeded` are the same fact.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    read_paid(&parse(json)?, SETTLED_RANK, collector)
}

/// Reads an invoice that is paid in part, which other events than those of its payment show, also when
/// it was voided or given up. Of several the one with the most paid holds, and once it is settled the
/// event that says so.
pub(super) fn read_in_part(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let invoice: Invoice = parse(json)?;
    let settled = filled(invoice.status.as_ref()) == Some("paid");
    match invoice.amount_paid {
        Some(paid @ 1..) if !settled => read_paid(&invoice, paid.saturating_sub(i64::MAX), collector),
        Some(_) | None => Ok(()),
    }
}

/// Above that of every invoice that is paid in part.
const SETTLED_RANK: i64 = 0;

fn read_paid(invoice: &Invoice, rank: i64, collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let key = collector.key(KeyKind::Invoice, required(filled(invoice.id.as_ref()), "id")?);
    let body = InvoicePaid {
        invoice: key.clone(),
        customer: collector.customer_of(&invoice.customer, &invoice.customer_account),
        email: filled(invoice.customer_email.as_ref()).map(str::to_owned),
        subscription: invoice.subscription().map(|id| collector.key(KeyKind::Subscription, id)),
        payment_intent: invoice
            .payment_intent
            .as_ref()
            .and_then(|intent| collector.key_of(KeyKind::PaymentIntent, intent)),
        charge: invoice.charge.as_ref().and_then(|charge| collector.key_of(KeyKind::Charge, charge)),
        currency: currency(invoice.currency.as_ref())?,
        amount_paid: invoice.paid()?,
        amount_overpaid: invoice.amount_overpaid.unwrap_or(0).max(0),
        total: invoice.total()?,
        total_excluding_tax: invoice.total_excluding_tax()?,
        shipping: invoice.shipping(),
        paid_at: invoice.paid_at(rank == SETTLED_RANK).unwrap_or(collector.at),
        billing_reason: filled(invoice.billing_reason.as_ref()).map(str::to_owned),
        no_commission: invoice.forbids_commission(),
        lines: invoice.lines.iter().map(Line::fact).collect(),
        lines_complete: invoice.lines.complete,
    };
    let identities = identities([
        Some(key.clone()),
        body.payment_intent.clone(),
        body.charge.clone(),
        body.customer.clone(),
        collector.key_of(KeyKind::StripeCustomer, &invoice.customer_account),
        body.subscription.clone(),
        body.email.as_deref().and_then(Key::email),
    ]);

    let customer = body.customer.as_ref();
    let on_invoice = Touched { on: TouchedObject::Invoice, object: &key, customer, at: collector.at };
    collector.touch_metadata(&on_invoice, &invoice.metadata);
    // What the invoice repeats was there before it was paid, and not only when its event was made.
    let at = body.paid_at.min(collector.at);
    for (subscription, metadata) in invoice.subscription_metadata() {
        let object = collector.key(KeyKind::Subscription, subscription);
        let on = TouchedObject::Subscription;
        collector.touch_metadata(&Touched { on, object: &object, customer, at }, metadata);
    }
    let discounts = invoice.all_discounts();
    collector.touch_discounts(&on_invoice, &discounts);
    if discounts.has_gaps() {
        collector.missing.push(Missing::PromotionCode {
            invoice: key.clone(),
            account: collector.account.map(str::to_owned),
            event: collector.event.to_owned(),
            at: collector.at,
        });
    }
    if !body.lines_complete && rank == SETTLED_RANK {
        collector.missing.push(Missing::InvoiceLines {
            invoice: key.clone(),
            account: collector.account.map(str::to_owned),
            at: body.paid_at,
        });
    }
    collector.add_latest(format!("invoice:{key}"), rank, identities, FactBody::Invoice(body));
    if invoice.is_apart() {
        collector.add_apart(key);
    }
    Ok(())
}

/// Reads the codes of an invoice that was fetched with its discounts expanded, and nothing else of it:
/// what was paid is in its event.
pub(crate) fn read_fetched_codes(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let invoice: Invoice = parse(json)?;
    let key = collector.key(KeyKind::Invoice, required(filled(invoice.id.as_ref()), "id")?);
    let customer = collector.customer_of(&invoice.customer, &invoice.customer_account);
    let (on, at) = (TouchedObject::Invoice, collector.at);
    let touched = Touched { on, object: &key, customer: customer.as_ref(), at };
    collector.touch_discounts(&touched, &invoice.all_discounts());
    Ok(())
}

impl Invoice {
    fn subscription(&self) -> Option<&str> {
        self.snapshots().find_map(|details| details.subscription.id()).or_else(|| self.subscription.id())
    }

    /// While it is not settled, nothing says when the part was paid; the invoice's own day does not move
    /// with each event that shows it.
    fn paid_at(&self, settled: bool) -> Option<DateTime<Utc>> {
        let transitions = self.status_transitions.as_ref()?;
        let UnixTime(at) = if settled { transitions.paid_at? } else { transitions.finalized_at? };
        Some(at)
    }

    /// Whether it says that no money of Stripe's paid it: marked as paid out of band, or in the versions
    /// that name what paid it without either name.
    fn is_apart(&self) -> bool {
        let none = |object: &Option<Ref>| matches!(object, Some(Ref::None));
        self.paid_out_of_band == Some(true) || (none(&self.payment_intent) && none(&self.charge))
    }

    fn forbids_commission(&self) -> bool {
        let copied =
            self.lines.iter().filter(|line| line.subscription().is_some()).map(|line| &line.metadata);
        let snapshots = self.snapshots().map(|details| &details.metadata);
        [&self.metadata].into_iter().chain(snapshots).chain(copied).any(Metadata::forbids_commission)
    }

    /// The metadata of the subscriptions that are billed: the snapshot, and what the lines copied from
    /// their subscription, which is all that there is before 2023.
    fn subscription_metadata(&self) -> impl Iterator<Item = (&str, &Metadata)> {
        let snapshots =
            self.snapshots().filter_map(|details| Some((self.subscription()?, &details.metadata)));
        let lines = self.lines.iter().filter_map(|line| Some((line.subscription()?, &line.metadata)));
        snapshots.chain(lines)
    }

    fn snapshots(&self) -> impl Iterator<Item = &SubscriptionDetails> {
        let parent = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        parent.into_iter().chain(self.subscription_details.as_ref())
    }

    fn all_discounts(&self) -> Discounts {
        let mut discounts = Discounts::default();
        discounts.note(&self.discount);
        self.discounts.iter().for_each(|discount| discounts.note(discount));
        self.total_discount_amounts.iter().for_each(|taken| discounts.note(&taken.discount));
        self.lines.iter().for_each(|line| line.note_discounts(&mut discounts));
        discounts
    }
}
