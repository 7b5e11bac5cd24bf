//! One Stripe object a file: which facts are in it.

mod balance;
mod charge;
mod checkout_session;
mod credit_note;
mod currency;
mod customer;
mod customer_discount;
mod dispute;
mod fraud_warning;
mod invoice;
mod invoice_line;
mod invoice_payment;
mod invoice_total;
mod invoiced;
mod payment_intent;
mod promotion_code;
mod refund;
mod subscription;
mod tax;

pub(super) use checkout_session::read_fetched_codes as session_codes;
pub(super) use invoice::read_fetched_codes as invoice_codes;
pub(super) use invoice_line::read_fetched as invoice_lines;
pub(super) use invoice_payment::read_fetched as invoice_payments;

use super::collector::FactCollector;
use super::json::BadField;

/// What is done with an event of some type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Its object is read.
    Read(Object),
    /// It is kept, and does nothing, for this reason.
    Ignore(String),
}

/// The objects that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    CheckoutSession,
    Invoice,
    InvoiceInPart,
    InvoicePayment,
    Charge,
    PaymentIntent,
    Refund,
    Dispute,
    CreditNote,
    FraudWarning,
    Customer,
    CustomerDiscount,
    Subscription,
    PromotionCode,
    Coupon,
}

/// What is done with an event of this type.
pub(super) fn treatment(event_type: &str) -> Treatment {
    let object = match event_type {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => Object::CheckoutSession,
        "checkout.session.async_payment_failed" => {
            return Treatment::Ignore(
                "the delayed payment of this session failed: nothing was collected".to_owned(),
            );
        }
        "checkout.session.expired" => {
            return Treatment::Ignore("this session expired before anything was paid".to_owned());
        }
        "invoice.paid" | "invoice.payment_succeeded" => Object::Invoice,
        "invoice.updated" | "invoice.voided" | "invoice.marked_uncollectible" => Object::InvoiceInPart,
        "invoice_payment.paid" => Object::InvoicePayment,
        "charge.succeeded" | "charge.captured" | "charge.refunded" => Object::Charge,
        "payment_intent.succeeded" => Object::PaymentIntent,
        // For a refund, `charge.refund.updated` is an older name of `refund.updated`.
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => Object::Refund,
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => Object::Dispute,
        "credit_note.created" | "credit_note.updated" | "credit_note.voided" => Object::CreditNote,
        "radar.early_fraud_warning.created" | "radar.early_fraud_warning.updated" => Object::FraudWarning,
        "customer.discount.created" | "customer.discount.updated" => Object::CustomerDiscount,
        "customer.created" | "customer.updated" | "customer.deleted" => Object::Customer,
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed"
        | "customer.subscription.pending_update_applied"
        | "customer.subscription.pending_update_expired"
        | "customer.subscription.trial_will_end" => Object::Subscription,
        "promotion_code.created" | "promotion_code.updated" => Object::PromotionCode,
        "coupon.created" | "coupon.updated" | "coupon.deleted" => Object::Coupon,
        other => {
            return Treatment::Ignore(format!(
                "events of type {other} say nothing about who referred or paid"
            ));
        }
    };
    Treatment::Read(object)
}

/// Why nothing was read from an event.
pub(super) fn nothing_read(event_type: &str) -> String {
    match treatment(event_type) {
        Treatment::Read(Object::InvoiceInPart) => {
            format!(
                "this {event_type} shows nothing paid in part; an invoice that is settled says so by invoice.paid"
            )
        }
        Treatment::Read(_) | Treatment::Ignore(_) => {
            format!("this {event_type} names no payment, code or customer")
        }
    }
}

/// Reads the object of an event whose [`treatment`] is to be read.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    match treatment(collector.event_type) {
        Treatment::Read(Object::CheckoutSession) => checkout_session::read(json, collector),
        Treatment::Read(Object::Invoice) => invoice::read(json, collector),
        Treatment::Read(Object::InvoiceInPart) => invoice::read_in_part(json, collector),
        Treatment::Read(Object::InvoicePayment) => invoice_payment::read(json, collector),
        Treatment::Read(Object::Charge) => charge::read(json, collector),
        Treatment::Read(Object::PaymentIntent) => payment_intent::read(json, collector),
        Treatment::Read(Object::Refund) => refund::read(json, collector),
        Treatment::Read(Object::Dispute) => dispute::read(json, collector),
        Treatment::Read(Object::CreditNote) => credit_note::read(json, collector),
        Treatment::Read(Object::FraudWarning) => fraud_warning::read(json, collector),
        Treatment::Read(Object::CustomerDiscount) => customer_discount::read(json, collector),
        Treatment::Read(Object::Customer) => customer::read(json, collector),
        Treatment::Read(Object::Subscription) => subscription::read(json, collector),
        Treatment::Read(Object::PromotionCode) => promotion_code::read(json, collector),
        Treatment::Read(Object::Coupon) => promotion_code::read_coupon(json, collector),
        Treatment::Ignore(_) => Ok(()),
    }
}
