//! Realistic, distinct Stripe events for the demo, the tests and the benchmark.
//!
//! A [`Sample`] is one customer's story; each method writes one event of it as Stripe would send it,
//! in the shape of the sample's API version. The same sample gives the same bytes every time.
//!
//! ```
//! # use stripe::sample::{Sample, Version};
//! let sale = Sample::new(7, Version::Dahlia, "2026-06-01T12:00:00Z".parse().unwrap());
//! let body = Sample { client_reference_id: Some("ANNA".into()), ..sale }.invoice_paid();
//! assert!(body.contains("invoice.paid"));
//! ```

mod customer;
mod envelope;
mod id;
mod invoice;
mod invoice_line;
mod payment;
mod refund;
mod session;
mod subscription;
mod version;

pub use version::Version;

use chrono::{DateTime, Utc};
use domain::ids::Mode;
use id::id;

/// One customer and one payment of theirs: the ids, sums, codes and states that events are made of.
///
/// Sums are minor units. What is collected is `subtotal − discount + shipping + tax`, unless
/// `amount_paid` says less.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The API version whose shape is written.
    pub version: Version,
    /// Live or test.
    pub mode: Mode,
    /// The connected account, if it is one's.
    pub account: Option<String>,
    /// The time of the event, and of what it says.
    pub at: DateTime<Utc>,
    /// When the customer and the subscription were created.
    pub created: DateTime<Utc>,
    /// Makes the event id differ where type, object and time are the same.
    pub revision: u32,
    /// `cus_…`; none for a guest.
    pub customer: Option<String>,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// `cs_…`
    pub session: String,
    /// `pi_…`
    pub payment_intent: String,
    /// `ch_…`
    pub charge: String,
    /// `in_…`
    pub invoice: String,
    /// `sub_…`
    pub subscription: String,
    /// `re_…`
    pub refund: String,
    /// `du_…`
    pub dispute: String,
    /// `prod_…`
    pub product: String,
    /// `price_…`
    pub price: String,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The prices, without tax.
    pub subtotal: i64,
    /// What coupons took off.
    pub discount: i64,
    /// Shipping without tax.
    pub shipping: i64,
    /// Tax that comes on top.
    pub tax: i64,
    /// What was collected, when it is not all.
    pub amount_paid: Option<i64>,
    /// Units sold.
    pub quantity: i64,
    /// The coupon's id, when there is a discount.
    pub coupon: Option<String>,
    /// `promo_…`
    pub promotion_code: Option<String>,
    /// `client_reference_id` of the session.
    pub client_reference_id: Option<String>,
    /// Metadata of the object that an event is about.
    pub metadata: Vec<(String, String)>,
    /// Metadata of the subscription, as its invoices repeat it.
    pub subscription_metadata: Vec<(String, String)>,
    /// Stripe's `billing_reason`.
    pub billing_reason: String,
    /// Stripe's status of the subscription.
    pub subscription_status: String,
    /// This refund's amount.
    pub refund_amount: i64,
    /// What was refunded of the charge in all.
    pub amount_refunded: i64,
}

impl Sample {
    /// The `number`th customer, who pays 49.00 USD for a month. Numbers that differ give samples that
    /// share nothing but product and price.
    #[must_use]
    pub fn new(number: u64, version: Version, at: DateTime<Utc>) -> Self {
        Self {
            version,
            mode: Mode::Test,
            account: None,
            at,
            created: at,
            revision: 0,
            customer: Some(id("cus_", number, 14)),
            email: format!("customer{number}@example.com"),
            name: format!("Customer {number}"),
            session: id("cs_test_a1", number, 56),
            payment_intent: id("pi_3", number, 23),
            charge: id("ch_3", number, 23),
            invoice: id("in_1", number, 23),
            subscription: id("sub_1", number, 23),
            refund: id("re_3", number, 23),
            dispute: id("du_1", number, 23),
            product: id("prod_", 0, 14),
            price: id("price_1", 0, 23),
            currency: "usd".to_owned(),
            subtotal: 4_900,
            discount: 0,
            shipping: 0,
            tax: 0,
            amount_paid: None,
            quantity: 1,
            coupon: None,
            promotion_code: None,
            client_reference_id: None,
            metadata: Vec::new(),
            subscription_metadata: Vec::new(),
            billing_reason: "subscription_create".to_owned(),
            subscription_status: "active".to_owned(),
            refund_amount: 4_900,
            amount_refunded: 4_900,
        }
    }

    /// What the customer owes.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.subtotal - self.discount + self.shipping + self.tax
    }

    /// What was collected.
    #[must_use]
    pub fn paid(&self) -> i64 {
        self.amount_paid.unwrap_or_else(|| self.total())
    }
}
