//! Subscriptions.

use super::envelope::{add, metadata};
use super::id::id_of;
use super::{Sample, Version};
use serde_json::{Value, json};

const MONTH: i64 = 30 * 86_400;

impl Sample {
    /// `customer.subscription.created`
    #[must_use]
    pub fn subscription_created(&self) -> String {
        self.event("customer.subscription.created", self.subscription_object(false))
    }

    /// `customer.subscription.updated`
    #[must_use]
    pub fn subscription_updated(&self) -> String {
        let previous = json!({"status": "incomplete", "default_payment_method": null});
        self.event_with("customer.subscription.updated", self.subscription_object(false), Some(previous))
    }

    /// `customer.subscription.deleted`
    #[must_use]
    pub fn subscription_deleted(&self) -> String {
        self.event("customer.subscription.deleted", self.subscription_object(true))
    }

    fn subscription_object(&self, canceled: bool) -> Value {
        let ended = canceled.then(|| self.at.timestamp());
        let start = self.created.timestamp();
        let mut item = json!({
            "id": id_of("si_", &[&self.subscription], 14),
            "object": "subscription_item",
            "billing_thresholds": null,
            "created": start,
            "discounts": [],
            "metadata": {},
            "plan": self.plan_object(),
            "price": self.price_object(),
            "quantity": self.quantity,
            "subscription": self.subscription,
            "tax_rates": [],
        });
        let mut subscription = json!({
            "id": self.subscription,
            "object": "subscription",
            "application": null,
            "automatic_tax": {"disabled_reason": null, "enabled": true, "liability": {"type": "self"}},
            "billing_cycle_anchor": start,
            "billing_cycle_anchor_config": null,
            "cancel_at": null,
            "cancel_at_period_end": false,
            "canceled_at": ended,
            "cancellation_details": {"comment": null, "feedback": null, "reason": ended.map(|_| "cancellation_requested")},
            "collection_method": "charge_automatically",
            "created": start,
            "currency": self.currency,
            "customer": self.customer,
            "days_until_due": null,
            "default_payment_method": id_of("pm_1", &[&self.subscription], 23),
            "default_source": null,
            "default_tax_rates": [],
            "description": null,
            "ended_at": ended,
            "invoice_settings": {"account_tax_ids": null, "issuer": {"type": "self"}},
            "latest_invoice": self.invoice,
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.subscription_metadata),
            "next_pending_invoice_item_invoice": null,
            "on_behalf_of": null,
            "pause_collection": null,
            "payment_settings": {
                "payment_method_options": null,
                "payment_method_types": null,
                "save_default_payment_method": "on_subscription",
            },
            "pending_setup_intent": null,
            "pending_update": null,
            "schedule": null,
            "start_date": start,
            "status": if canceled { "canceled" } else { &self.subscription_status },
            "test_clock": null,
            "transfer_data": null,
            "trial_end": null,
            "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
            "trial_start": null,
        });
        let period = json!({"current_period_end": start + MONTH, "current_period_start": start});
        if self.version >= Version::Basil {
            add(&mut item, period);
            add(
                &mut subscription,
                json!({"billing_mode": {"type": "classic"}, "discounts": self.discount_ids()}),
            );
        } else {
            add(&mut subscription, period);
            add(
                &mut subscription,
                json!({
                    "billing_thresholds": null,
                    "discount": self.discount_object(),
                    "plan": self.plan_object(),
                    "quantity": self.quantity,
                }),
            );
        }
        let url = format!("/v1/subscription_items?subscription={}", self.subscription);
        let items =
            json!({"object": "list", "data": [item], "has_more": false, "total_count": 1, "url": url});
        add(&mut subscription, json!({"items": items}));
        subscription
    }
}
