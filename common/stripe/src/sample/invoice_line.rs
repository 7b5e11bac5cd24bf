//! Invoice lines, prices and discounts.

use super::envelope::{add, metadata};
use super::id::id_of;
use super::{Sample, Version};
use serde_json::{Value, json};

const MONTH: i64 = 30 * 86_400;

impl Sample {
    /// `di_…`, when there is a discount.
    pub(super) fn discount_id(&self) -> Option<String> {
        self.coupon.as_ref().map(|coupon| id_of("di_1", &[&self.invoice, coupon], 23))
    }

    pub(super) fn discount_ids(&self) -> Vec<String> {
        self.discount_id().into_iter().collect()
    }

    /// The discount as old objects carry it.
    pub(super) fn discount_object(&self) -> Option<Value> {
        let coupon = self.coupon.as_ref()?;
        Some(json!({
            "id": self.discount_id(),
            "object": "discount",
            "checkout_session": null,
            "coupon": {
                "id": coupon, "object": "coupon", "amount_off": self.discount, "created": self.created.timestamp(),
                "currency": self.currency, "duration": "once", "duration_in_months": null,
                "livemode": self.mode.is_live(), "max_redemptions": null, "metadata": {}, "name": coupon,
                "percent_off": null, "redeem_by": null, "times_redeemed": 3, "valid": true,
            },
            "customer": self.customer,
            "end": null,
            "invoice": null,
            "invoice_item": null,
            "promotion_code": self.promotion_code,
            "start": self.created.timestamp(),
            "subscription": self.subscription,
        }))
    }

    pub(super) fn line_object(&self) -> Value {
        let amounts: Vec<Value> = self
            .discount_id()
            .map(|discount| json!({"amount": self.discount, "discount": discount}))
            .into_iter()
            .collect();
        let start = self.at.timestamp();
        let mut line = json!({
            "id": id_of("il_1", &[&self.invoice], 23),
            "object": "line_item",
            "amount": self.subtotal,
            "currency": self.currency,
            "description": "1 × Team (at $49.00 / month)",
            "discount_amounts": amounts,
            "discountable": true,
            "discounts": self.discount_ids(),
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.subscription_metadata),
            "period": {"end": start + MONTH, "start": start},
            "quantity": self.quantity,
        });
        let item = id_of("si_", &[&self.subscription], 14);
        let fields = if self.version >= Version::Basil {
            json!({
                "invoice": self.invoice,
                "parent": {
                    "invoice_item_details": null,
                    "subscription_item_details": {
                        "invoice_item": null, "proration": false, "proration_details": {"credited_items": null},
                        "subscription": self.subscription, "subscription_item": item,
                    },
                    "type": "subscription_item_details",
                },
                "pretax_credit_amounts": [],
                "pricing": {
                    "price_details": {"price": self.price, "product": self.product},
                    "type": "price_details",
                    "unit_amount_decimal": self.subtotal.to_string(),
                },
                "taxes": self.taxes(),
            })
        } else {
            json!({
                "amount_excluding_tax": self.subtotal,
                "plan": self.plan_object(),
                "price": self.price_object(),
                "proration": false,
                "proration_details": {"credited_items": null},
                "subscription": self.subscription,
                "subscription_item": item,
                "tax_amounts": self.taxes(),
                "tax_rates": [],
                "type": "subscription",
                "unit_amount_excluding_tax": self.subtotal.to_string(),
            })
        };
        add(&mut line, fields);
        line
    }

    /// The tax, if there is any, as this version lists it.
    pub(super) fn taxes(&self) -> Vec<Value> {
        let taxable = self.subtotal - self.discount;
        let rate = id_of("txr_1", &[&self.product], 23);
        let tax = if self.version >= Version::Basil {
            json!({
                "amount": self.tax, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": rate},
                "taxability_reason": "standard_rated", "taxable_amount": taxable, "type": "tax_rate_details",
            })
        } else {
            json!({
                "amount": self.tax, "inclusive": false, "tax_rate": rate,
                "taxability_reason": "standard_rated", "taxable_amount": taxable,
            })
        };
        if self.tax == 0 { Vec::new() } else { vec![tax] }
    }

    pub(super) fn price_object(&self) -> Value {
        json!({
            "id": self.price, "object": "price", "active": true, "billing_scheme": "per_unit",
            "created": 1_577_836_800, "currency": self.currency, "custom_unit_amount": null,
            "livemode": self.mode.is_live(), "lookup_key": "team_monthly", "metadata": {}, "nickname": null,
            "product": self.product,
            "recurring": {
                "aggregate_usage": null, "interval": "month", "interval_count": 1, "meter": null,
                "trial_period_days": null, "usage_type": "licensed",
            },
            "tax_behavior": "exclusive", "tiers_mode": null, "transform_quantity": null, "type": "recurring",
            "unit_amount": self.subtotal, "unit_amount_decimal": self.subtotal.to_string(),
        })
    }

    pub(super) fn plan_object(&self) -> Value {
        json!({
            "id": self.price, "object": "plan", "active": true, "aggregate_usage": null,
            "amount": self.subtotal, "amount_decimal": self.subtotal.to_string(), "billing_scheme": "per_unit",
            "created": 1_577_836_800, "currency": self.currency, "interval": "month", "interval_count": 1,
            "livemode": self.mode.is_live(), "metadata": {}, "meter": null, "nickname": null,
            "product": self.product, "tiers_mode": null, "transform_usage": null, "trial_period_days": null,
            "usage_type": "licensed",
        })
    }
}
