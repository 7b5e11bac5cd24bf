//! Checkout sessions.

use super::envelope::{add, address, metadata};
use super::id::id_of;
use super::{Sample, Version};
use domain::fact::{SessionMode, SessionPaymentStatus};
use serde_json::{Value, json};

impl Sample {
    /// `checkout.session.completed`
    #[must_use]
    pub fn checkout_session_completed(&self, mode: SessionMode, status: SessionPaymentStatus) -> String {
        self.event("checkout.session.completed", self.session_object(mode, status))
    }

    /// `checkout.session.async_payment_succeeded`: a delayed method has paid a session in payment mode.
    #[must_use]
    pub fn checkout_session_async_payment_succeeded(&self) -> String {
        let session = self.session_object(SessionMode::Payment, SessionPaymentStatus::Paid);
        self.event("checkout.session.async_payment_succeeded", session)
    }

    fn session_object(&self, mode: SessionMode, status: SessionPaymentStatus) -> Value {
        let payment = (mode == SessionMode::Payment).then_some(&self.payment_intent);
        let subscription = (mode == SessionMode::Subscription).then_some(&self.subscription);
        let invoice = (mode == SessionMode::Subscription).then_some(&self.invoice);
        let setup = (mode == SessionMode::Setup).then(|| id_of("seti_1", &[&self.session], 23));
        let sum = |amount: i64| setup.is_none().then_some(amount);
        let mut session = json!({
            "id": self.session,
            "object": "checkout.session",
            "amount_subtotal": sum(self.subtotal),
            "amount_total": sum(self.total()),
            "client_reference_id": self.client_reference_id,
            "created": self.at.timestamp() - 95,
            "currency": setup.is_none().then_some(&self.currency),
            "customer": self.customer,
            "customer_creation": self.customer.as_ref().map(|_| "always"),
            "customer_details": {
                "address": address(), "email": self.email, "name": self.name, "phone": null,
                "tax_exempt": "none", "tax_ids": [],
            },
            "expires_at": self.at.timestamp() - 95 + 86_400,
            "invoice": invoice,
            "invoice_creation": payment.map(|_| json!({
                "enabled": false,
                "invoice_data": {
                    "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null,
                    "issuer": null, "metadata": {}, "rendering_options": null,
                },
            })),
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.metadata),
            "mode": mode,
            "payment_intent": payment,
            "payment_method_configuration_details": {"id": id_of("pmc_1", &[&self.product], 23), "parent": null},
            "payment_status": status,
            "setup_intent": setup,
            "shipping_cost": (self.shipping != 0).then(|| json!({
                "amount_subtotal": self.shipping, "amount_tax": 0, "amount_total": self.shipping,
                "shipping_rate": id_of("shr_1", &[&self.price], 23),
            })),
            "subscription": subscription,
            "total_details": setup.is_none().then(|| json!({
                "amount_discount": self.discount, "amount_shipping": self.shipping, "amount_tax": self.tax,
            })),
        });
        add(&mut session, constants());
        if self.version >= Version::Basil {
            let discounts: Vec<Value> = self
                .coupon
                .iter()
                .map(|coupon| json!({"coupon": coupon, "promotion_code": self.promotion_code}))
                .collect();
            let collected = json!({"business_name": null, "individual_name": null, "shipping_details": null});
            let fields = json!({
                "adaptive_pricing": {"enabled": true},
                "collected_information": collected,
                "discounts": discounts,
                "permissions": null,
                "wallet_options": null,
            });
            add(&mut session, fields);
        } else {
            add(&mut session, json!({"shipping_details": null}));
        }
        session
    }
}

/// What is the same on every sample session.
fn constants() -> Value {
    json!({
        "after_expiration": null,
        "allow_promotion_codes": true,
        "automatic_tax": {"enabled": true, "liability": {"type": "self"}, "provider": "stripe", "status": "complete"},
        "billing_address_collection": "auto",
        "cancel_url": "https://app.example.com/pricing",
        "client_secret": null,
        "consent": null,
        "consent_collection": null,
        "currency_conversion": null,
        "custom_fields": [],
        "custom_text": {"after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null},
        "customer_email": null,
        "locale": "auto",
        "payment_link": null,
        "payment_method_collection": "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "link", "sepa_debit"],
        "phone_number_collection": {"enabled": false},
        "recovered_from": null,
        "saved_payment_method_options": null,
        "shipping_address_collection": null,
        "shipping_options": [],
        "status": "complete",
        "submit_type": null,
        "success_url": "https://app.example.com/welcome?session_id={CHECKOUT_SESSION_ID}",
        "ui_mode": "hosted",
        "url": null,
    })
}
