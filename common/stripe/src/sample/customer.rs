//! Customers.

use super::envelope::{add, address, metadata};
use super::{Sample, Version};
use serde_json::{Value, json};

impl Sample {
    /// `customer.created`
    #[must_use]
    pub fn customer_created(&self) -> String {
        self.event("customer.created", self.customer_object())
    }

    /// `customer.updated`
    #[must_use]
    pub fn customer_updated(&self) -> String {
        let previous = json!({"default_source": null, "invoice_settings": {"default_payment_method": null}});
        self.event_with("customer.updated", self.customer_object(), Some(previous))
    }

    /// `customer.deleted`
    #[must_use]
    pub fn customer_deleted(&self) -> String {
        self.event("customer.deleted", self.customer_object())
    }

    fn customer_object(&self) -> Value {
        let mut customer = json!({
            "id": self.customer,
            "object": "customer",
            "address": address(),
            "balance": 0,
            "created": self.created.timestamp(),
            "currency": self.currency,
            "default_source": null,
            "delinquent": false,
            "description": "Signed up at app.example.com",
            "discount": null,
            "email": self.email,
            "invoice_prefix": "8A3F51C2",
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": null,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.metadata),
            "name": self.name,
            "next_invoice_sequence": 1,
            "phone": null,
            "preferred_locales": ["en", "de"],
            "shipping": {"address": address(), "name": self.name, "phone": null},
            "tax_exempt": "none",
            "test_clock": null,
        });
        if self.version >= Version::Clover {
            add(&mut customer, json!({"customer_account": null}));
        }
        customer
    }
}
