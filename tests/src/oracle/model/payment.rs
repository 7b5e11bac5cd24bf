//! Checkouts and invoices.

use super::Time;
use stripe::sample::Version;

/// A completed checkout session.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// `cs_…`
    pub id: String,
    /// The API version that tells it.
    pub version: Version,
    /// When it was completed.
    pub at: Time,
    /// Place of the customer; none for a guest.
    pub customer: Option<usize>,
    /// The address that was typed.
    pub email: Option<String>,
    /// The address in the billing details of its charge.
    pub payer: Option<String>,
    /// What it was for.
    pub mode: CheckoutMode,
    /// Whether it was paid.
    pub settled: Settled,
    /// ISO 4217, lower case.
    pub currency: &'static str,
    /// Minor units, everything included.
    pub total: i64,
    /// Minor units of tax in it.
    pub tax: i64,
    /// Minor units of shipping in it.
    pub shipping: i64,
    /// `client_reference_id`
    pub reference: Option<String>,
    /// The code in its metadata.
    pub code: Option<String>,
    /// What was taken off.
    pub discounts: Vec<Discount>,
    /// Metadata `commission: false` on the session.
    pub no_commission: bool,
    /// Metadata `commission: false` on its charge.
    pub charge_says_no: bool,
    /// What was captured of it, where that was not the total.
    pub captured: Option<i64>,
    /// `pi_…` and `ch_…`, when it was to take money itself.
    pub money: Option<(String, String)>,
}

impl Checkout {
    /// What it takes when it takes something.
    #[must_use]
    pub fn takes(&self) -> i64 {
        self.captured.unwrap_or(self.total)
    }

    /// Whether it took money itself.
    #[must_use]
    pub fn took_money(&self) -> bool {
        self.money.is_some() && self.settled != Settled::Later(None)
    }
}

/// What a checkout was for.
#[derive(Clone, Debug)]
pub enum CheckoutMode {
    /// One payment.
    Payment,
    /// A subscription, by place, and its first invoice, by place.
    Subscription {
        /// The subscription.
        subscription: usize,
        /// Its first invoice, of nothing while it is on trial.
        invoice: usize,
    },
    /// A payment method was stored.
    Setup,
}

/// Whether a checkout was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// At once.
    Paid,
    /// By a delayed method, then or never.
    Later(Option<Time>),
    /// Nothing was due.
    Free,
}

/// A discount, as far as Stripe tells it.
#[derive(Clone, Debug)]
pub struct Discount {
    /// Stripe's promotion code.
    pub promotion: Option<String>,
    /// What the customer typed, when that is told.
    pub text: Option<String>,
    /// Stripe's coupon.
    pub coupon: String,
}

/// How an invoice was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidBy {
    /// By a payment that something links to it.
    Linked,
    /// By a payment that nothing links to it since basil; Stripe describes it as an invoice's.
    Described,
    /// By other means than Stripe's.
    OutOfBand,
}

/// A settled invoice.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// `in_…`
    pub id: String,
    /// The API version that tells it.
    pub version: Version,
    /// When it was paid.
    pub at: Time,
    /// How many seconds later its event was made.
    pub lag: Time,
    /// Whether `invoice.payment_succeeded` tells it, too.
    pub told_twice: bool,
    /// Place of the customer.
    pub customer: usize,
    /// Place of the subscription.
    pub subscription: Option<usize>,
    /// ISO 4217, lower case.
    pub currency: &'static str,
    /// What was sold.
    pub lines: Vec<Line>,
    /// What coupons took off the sum of the lines.
    pub off: i64,
    /// Tax on top.
    pub tax: i64,
    /// Shipping.
    pub shipping: i64,
    /// What was paid on it.
    pub paid: i64,
    /// What was collected beyond that, and became the customer's credit.
    pub overpaid: i64,
    /// How it was paid, when it was.
    pub paid_by: PaidBy,
    /// The code in its metadata.
    pub code: Option<String>,
    /// The coupons.
    pub discounts: Vec<Discount>,
    /// Metadata `commission: false` on the invoice.
    pub no_commission: bool,
    /// Metadata `commission: false` on its charge.
    pub charge_says_no: bool,
    /// `pi_…` and `ch_…`, when something was collected.
    pub money: Option<(String, String)>,
}

/// Money that a payment intent took by itself, or a charge without one.
#[derive(Clone, Debug)]
pub struct Intent {
    /// `pi_…`; none for a charge of old.
    pub intent: Option<String>,
    /// `ch_…`
    pub charge: String,
    /// The API version that tells it.
    pub version: Version,
    /// When it succeeded.
    pub at: Time,
    /// Place of the customer; none for a guest.
    pub customer: Option<usize>,
    /// The guest's address.
    pub email: Option<String>,
    /// The address in the billing details of its charge.
    pub payer: Option<String>,
    /// ISO 4217, lower case.
    pub currency: &'static str,
    /// Minor units captured.
    pub amount: i64,
    /// Minor units that were authorised beyond that, and released.
    pub uncaptured: i64,
    /// `re_…`, where the release is told as a refund.
    pub release: Option<String>,
    /// The code in its metadata.
    pub code: Option<String>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// A line of an invoice.
#[derive(Clone, Debug)]
pub struct Line {
    /// Minor units; negative for what a proration gives back.
    pub amount: i64,
    /// Units.
    pub quantity: i64,
    /// `prod_…`
    pub product: &'static str,
    /// `price_…`
    pub price: &'static str,
}

impl Invoice {
    /// What was collected.
    #[must_use]
    pub fn collected(&self) -> i64 {
        self.paid + self.overpaid
    }

    /// Everything included.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum::<i64>() - self.off + self.shipping + self.tax
    }
}
