//! Refunds and disputes.

use super::Sample;
use super::envelope::metadata;
use super::id::id_of;
use serde_json::{Value, json};

impl Sample {
    /// `refund.created`, in a status such as `pending` or `succeeded`.
    #[must_use]
    pub fn refund_created(&self, status: &str) -> String {
        self.event("refund.created", self.refund_object(status))
    }

    /// `refund.updated`
    #[must_use]
    pub fn refund_updated(&self, status: &str) -> String {
        let previous = json!({"status": "pending"});
        self.event_with("refund.updated", self.refund_object(status), Some(previous))
    }

    /// `refund.failed`
    #[must_use]
    pub fn refund_failed(&self) -> String {
        self.event("refund.failed", self.refund_object("failed"))
    }

    /// `charge.dispute.created`, in a status such as `needs_response`.
    #[must_use]
    pub fn dispute_created(&self, status: &str) -> String {
        self.event("charge.dispute.created", self.dispute_object(status))
    }

    /// `charge.dispute.closed`: `won`, `lost` or `warning_closed`.
    #[must_use]
    pub fn dispute_closed(&self, status: &str) -> String {
        let previous = json!({"status": "under_review"});
        self.event_with("charge.dispute.closed", self.dispute_object(status), Some(previous))
    }

    pub(super) fn refund_object(&self, status: &str) -> Value {
        let failed = status == "failed";
        json!({
            "id": self.refund,
            "object": "refund",
            "amount": self.refund_amount,
            "balance_transaction": id_of("txn_3", &[&self.refund], 23),
            "charge": self.charge,
            "created": self.at.timestamp(),
            "currency": self.currency,
            "description": null,
            "destination_details": {
                "card": {
                    "reference": "7431 2203 0091 2044", "reference_status": "available",
                    "reference_type": "acquirer_reference_number", "type": "refund",
                },
                "type": "card",
            },
            "failure_balance_transaction": failed.then(|| id_of("txn_3", &[&self.refund, "failed"], 23)),
            "failure_reason": failed.then_some("expired_or_canceled_card"),
            "instructions_email": null,
            "metadata": metadata(&self.metadata),
            "next_action": null,
            "payment_intent": self.payment_intent,
            "pending_reason": (status == "pending").then_some("processing"),
            "reason": "requested_by_customer",
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": status,
            "transfer_reversal": null,
        })
    }

    fn dispute_object(&self, status: &str) -> Value {
        let evidence = [
            "access_activity_log",
            "billing_address",
            "cancellation_policy",
            "cancellation_policy_disclosure",
            "cancellation_rebuttal",
            "customer_communication",
            "customer_email_address",
            "customer_name",
            "customer_purchase_ip",
            "customer_signature",
            "duplicate_charge_documentation",
            "duplicate_charge_explanation",
            "duplicate_charge_id",
            "product_description",
            "receipt",
            "refund_policy",
            "refund_policy_disclosure",
            "refund_refusal_explanation",
            "service_date",
            "service_documentation",
            "shipping_address",
            "shipping_carrier",
            "shipping_date",
            "shipping_documentation",
            "shipping_tracking_number",
            "uncategorized_file",
            "uncategorized_text",
        ];
        let mut evidence: serde_json::Map<String, Value> =
            evidence.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        evidence.insert("customer_email_address".to_owned(), json!(self.email));
        evidence.insert("enhanced_evidence".to_owned(), json!({}));
        json!({
            "id": self.dispute,
            "object": "dispute",
            "amount": self.paid(),
            "balance_transactions": [],
            "charge": self.charge,
            "created": self.created.timestamp(),
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": evidence,
            "evidence_details": {
                "due_by": self.created.timestamp() + 7 * 86_400, "enhanced_eligibility": {}, "has_evidence": false,
                "past_due": false, "submission_count": 0,
            },
            "is_charge_refundable": false,
            "livemode": self.mode.is_live(),
            "metadata": metadata(&self.metadata),
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
                "type": "card",
            },
            "reason": "fraudulent",
            "status": status,
        })
    }
}
