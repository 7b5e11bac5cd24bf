//! Invoices and their payments.

use super::envelope::{add, address, metadata};
use super::id::id_of;
use super::{Sample, Version};
use serde_json::{Value, json};

impl Sample {
    /// `invoice.paid`
    #[must_use]
    pub fn invoice_paid(&self) -> String {
        self.event("invoice.paid", self.invoice_object())
    }

    /// `invoice.payment_succeeded`, which says the same as [`invoice_paid`](Self::invoice_paid).
    #[must_use]
    pub fn invoice_payment_succeeded(&self) -> String {
        self.event("invoice.payment_succeeded", self.invoice_object())
    }

    /// `invoice_payment.paid`, which Stripe sends from 2025-05-28 on.
    #[must_use]
    pub fn invoice_payment_paid(&self) -> String {
        let paid = json!({
            "id": id_of("inpay_1", &[&self.invoice], 23),
            "object": "invoice_payment",
            "amount_paid": self.paid(),
            "amount_requested": self.paid(),
            "created": self.at.timestamp(),
            "currency": self.currency,
            "invoice": self.invoice,
            "is_default": true,
            "livemode": self.mode.is_live(),
            "payment": {"payment_intent": self.payment_intent, "type": "payment_intent"},
            "status": "paid",
            "status_transitions": {"canceled_at": null, "paid_at": self.at.timestamp()},
        });
        self.event("invoice_payment.paid", paid)
    }

    fn invoice_object(&self) -> Value {
        let (at, total, net) = (self.at.timestamp(), self.total(), self.total() - self.tax);
        let address_of_page =
            format!("https://invoice.stripe.com/i/acct_1NvQ/{}", id_of("test_", &[&self.invoice], 60));
        let amounts: Vec<Value> = self
            .discount_id()
            .map(|discount| json!({"amount": self.discount, "discount": discount}))
            .into_iter()
            .collect();
        let shipping_cost = (self.shipping != 0).then(|| {
            json!({
                "amount_subtotal": self.shipping, "amount_tax": 0, "amount_total": self.shipping,
                "shipping_rate": id_of("shr_1", &[&self.price], 23),
            })
        });
        let mut invoice = json!({
            "id": self.invoice,
            "object": "invoice",
            "amount_due": self.paid(),
            "amount_paid": self.paid(),
            "amount_remaining": 0,
            "amount_shipping": self.shipping,
            "billing_reason": self.billing_reason,
            "created": at - 3,
            "currency": self.currency,
            "customer": self.customer,
            "customer_address": address(),
            "customer_email": self.email,
            "customer_name": self.name,
            "discounts": self.discount_ids(),
            "effective_at": at - 2,
            "hosted_invoice_url": format!("{address_of_page}?s=ap"),
            "invoice_pdf": format!("{address_of_page}/pdf?s=ap"),
            "lines": {
                "object": "list", "data": [self.line_object()], "has_more": false, "total_count": 1,
                "url": format!("/v1/invoices/{}/lines", self.invoice),
            },
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.metadata),
            "number": "8A3F51C2-0001",
            "period_end": at,
            "period_start": at,
            "shipping_cost": shipping_cost,
            "starting_balance": self.paid() - total,
            "status": "paid",
            "status_transitions": {"finalized_at": at - 2, "marked_uncollectible_at": null, "paid_at": at - 1, "voided_at": null},
            "subtotal": self.subtotal,
            "subtotal_excluding_tax": self.subtotal,
            "total": total,
            "total_discount_amounts": amounts,
            "webhooks_delivered_at": at - 3,
        });
        add(&mut invoice, constants());
        add(&mut invoice, self.links_of_invoice());
        if self.version >= Version::V2022 {
            add(&mut invoice, json!({"total_excluding_tax": net}));
        }
        invoice
    }

    /// How the invoice names its subscription, its payment and its taxes.
    fn links_of_invoice(&self) -> Value {
        if self.version >= Version::Basil {
            return json!({
                "amount_overpaid": 0,
                "confirmation_secret": null,
                "customer_account": null,
                "parent": {
                    "quote_details": null,
                    "subscription_details": {
                        "metadata": metadata(&self.subscription_metadata), "subscription": self.subscription,
                    },
                    "type": "subscription_details",
                },
                "total_pretax_credit_amounts": [],
                "total_taxes": self.taxes(),
            });
        }
        let mut links = json!({
            "application_fee_amount": null,
            "charge": self.charge,
            "discount": self.discount_object(),
            "paid": true,
            "paid_out_of_band": false,
            "payment_intent": self.payment_intent,
            "quote": null,
            "subscription": self.subscription,
            "tax": (self.tax != 0).then_some(self.tax),
            "total_tax_amounts": self.taxes(),
            "transfer_data": null,
        });
        if self.version >= Version::V2024 {
            let details = json!({"metadata": metadata(&self.subscription_metadata)});
            add(&mut links, json!({"subscription_details": details}));
        }
        links
    }
}

/// What is the same on every sample invoice.
fn constants() -> Value {
    json!({
        "account_country": "DE",
        "account_name": "Example GmbH",
        "account_tax_ids": null,
        "application": null,
        "attempt_count": 1,
        "attempted": true,
        "auto_advance": false,
        "automatic_tax": {"disabled_reason": null, "enabled": true, "liability": {"type": "self"}, "provider": "stripe", "status": "complete"},
        "automatically_finalizes_at": null,
        "collection_method": "charge_automatically",
        "custom_fields": null,
        "customer_phone": null,
        "customer_shipping": null,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "due_date": null,
        "ending_balance": 0,
        "footer": null,
        "from_invoice": null,
        "issuer": {"type": "self"},
        "last_finalization_error": null,
        "latest_revision": null,
        "next_payment_attempt": null,
        "on_behalf_of": null,
        "payment_settings": {"default_mandate": null, "payment_method_options": null, "payment_method_types": null},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": null,
        "rendering": null,
        "shipping_details": null,
        "statement_descriptor": null,
        "test_clock": null,
    })
}
