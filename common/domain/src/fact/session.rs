//! Checkout sessions.

use crate::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A completed checkout session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCompleted {
    /// `cs_…`
    pub session: Key,
    /// Payment, subscription or setup.
    pub mode: SessionMode,
    /// Whether money was collected.
    pub payment_status: SessionPaymentStatus,
    /// `cus_…`; none for a guest.
    pub customer: Option<Key>,
    /// The address the customer gave.
    pub email: Option<String>,
    /// `pi_…`, in payment mode.
    pub payment_intent: Option<Key>,
    /// `in_…`: the payment is that invoice's.
    pub invoice: Option<Key>,
    /// `sub_…`, in subscription mode.
    pub subscription: Option<Key>,
    /// ISO 4217, lower case.
    pub currency: Option<String>,
    /// Minor units, everything included.
    pub amount_total: i64,
    /// Minor units of tax in it.
    pub amount_tax: i64,
    /// Minor units of shipping in it.
    pub amount_shipping: i64,
    /// When this state was reached: the event's time.
    pub completed_at: DateTime<Utc>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// A session's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// One payment.
    Payment,
    /// A subscription; its money comes by invoice.
    Subscription,
    /// No money: a payment method is stored.
    Setup,
}

/// Whether a session's money was collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPaymentStatus {
    /// A trial or a discount of 100 %: a lead, no payment.
    NoPaymentRequired,
    /// A delayed payment method that has not settled.
    Unpaid,
    /// Collected.
    Paid,
}
