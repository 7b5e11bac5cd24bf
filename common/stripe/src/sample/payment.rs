//! Payment intents and charges.

use super::envelope::{add, address, metadata};
use super::id::id_of;
use super::{Sample, Version};
use serde_json::{Value, json};

impl Sample {
    /// `payment_intent.succeeded`
    #[must_use]
    pub fn payment_intent_succeeded(&self) -> String {
        let mut intent = json!({
            "id": self.payment_intent,
            "object": "payment_intent",
            "amount": self.paid(),
            "amount_received": self.paid(),
            "client_secret": id_of(&format!("{}_secret_", self.payment_intent), &[&self.charge], 25),
            "created": self.at.timestamp() - 4,
            "currency": self.currency,
            "customer": self.customer,
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.metadata),
            "payment_method": id_of("pm_1", &[&self.subscription], 23),
        });
        add(&mut intent, intent_constants());
        if self.version < Version::Basil {
            add(&mut intent, json!({"invoice": self.invoice}));
        }
        if self.version >= Version::V2022 {
            add(&mut intent, json!({"latest_charge": self.charge}));
        } else {
            let url = format!("/v1/charges?payment_intent={}", self.payment_intent);
            let data = [self.charge_object(0)];
            let charges =
                json!({"object": "list", "data": data, "has_more": false, "total_count": 1, "url": url});
            add(&mut intent, json!({"charges": charges}));
        }
        self.event("payment_intent.succeeded", intent)
    }

    /// `charge.succeeded`
    #[must_use]
    pub fn charge_succeeded(&self) -> String {
        self.event("charge.succeeded", self.charge_object(0))
    }

    /// `charge.refunded`, with `amount_refunded` in all.
    #[must_use]
    pub fn charge_refunded(&self) -> String {
        let before = self.amount_refunded - self.refund_amount;
        let previous = json!({"amount_refunded": before, "refunded": false, "receipt_url": null});
        self.event_with("charge.refunded", self.charge_object(self.amount_refunded), Some(previous))
    }

    fn charge_object(&self, refunded: i64) -> Value {
        let receipt = id_of("https://pay.stripe.com/receipts/invoices/", &[&self.charge], 100);
        let mut charge = json!({
            "id": self.charge,
            "object": "charge",
            "amount": self.paid(),
            "amount_captured": self.paid(),
            "amount_refunded": refunded,
            "balance_transaction": id_of("txn_3", &[&self.charge], 23),
            "billing_details": {"address": address(), "email": self.email, "name": self.name, "phone": null, "tax_id": null},
            "created": self.created.timestamp(),
            "currency": self.currency,
            "customer": self.customer,
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.metadata),
            "payment_intent": self.payment_intent,
            "payment_method": id_of("pm_1", &[&self.subscription], 23),
            "payment_method_details": {
                "card": {
                    "amount_authorized": self.paid(), "authorization_code": null, "brand": "visa",
                    "checks": {"address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass"},
                    "country": "DE", "exp_month": 8, "exp_year": 2029, "fingerprint": id_of("", &[&self.email], 16),
                    "funding": "credit", "installments": null, "last4": "4242", "mandate": null, "network": "visa",
                    "network_transaction_id": "546201003910018", "three_d_secure": null, "wallet": null,
                },
                "type": "card",
            },
            "receipt_url": format!("{receipt}?s=ap"),
            "refunded": refunded >= self.paid(),
        });
        add(&mut charge, charge_constants());
        if self.version < Version::Basil {
            add(&mut charge, json!({"invoice": self.invoice}));
        }
        if self.version < Version::V2022 {
            let data: Vec<Value> =
                (refunded > 0).then(|| self.refund_object("succeeded")).into_iter().collect();
            let url = format!("/v1/charges/{}/refunds", self.charge);
            let total = data.len();
            let refunds =
                json!({"object": "list", "data": data, "has_more": false, "total_count": total, "url": url});
            add(&mut charge, json!({"refunds": refunds}));
        }
        charge
    }
}

/// What is the same on every sample charge.
fn charge_constants() -> Value {
    json!({
        "application": null,
        "application_fee": null,
        "application_fee_amount": null,
        "calculated_statement_descriptor": "EXAMPLE.COM",
        "captured": true,
        "description": "Subscription creation",
        "destination": null,
        "dispute": null,
        "disputed": false,
        "failure_balance_transaction": null,
        "failure_code": null,
        "failure_message": null,
        "fraud_details": {},
        "on_behalf_of": null,
        "order": null,
        "outcome": {
            "advice_code": null, "network_advice_code": null, "network_decline_code": null,
            "network_status": "approved_by_network", "reason": null, "risk_level": "normal",
            "risk_score": 12, "seller_message": "Payment complete.", "type": "authorized",
        },
        "paid": true,
        "radar_options": {},
        "receipt_email": null,
        "receipt_number": null,
        "review": null,
        "shipping": null,
        "source": null,
        "source_transfer": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "succeeded",
        "transfer_data": null,
        "transfer_group": null,
    })
}

/// What is the same on every sample payment intent.
fn intent_constants() -> Value {
    json!({
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": true},
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "description": "Subscription creation",
        "last_payment_error": null,
        "next_action": null,
        "on_behalf_of": null,
        "payment_method_options": {"card": {"installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "link"],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": "off_session",
        "shipping": null,
        "source": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "succeeded",
        "transfer_data": null,
        "transfer_group": null,
    })
}
