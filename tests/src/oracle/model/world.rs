//! Affiliates, their codes, and the programme's rules.

use super::Time;

/// The registry and the rules, as they are for ever known: versions and spans of time, no edits.
#[derive(Clone, Debug)]
pub struct World {
    /// Who refers.
    pub affiliates: Vec<Affiliate>,
    /// Whose coupons there are.
    pub coupons: Vec<Coupon>,
    /// Who clicked on whose link.
    pub clicks: Vec<Click>,
    /// The versions of the rules, in the order in which they were written.
    pub programmes: Vec<Programme>,
}

/// An affiliate. The id is the place in [`World::affiliates`], counted from 1.
#[derive(Clone, Debug)]
pub struct Affiliate {
    /// The address.
    pub email: String,
    /// The referral code.
    pub code: String,
    /// When affiliate and code appeared.
    pub created: Time,
    /// When none of the codes counted.
    pub inactive: Option<Span>,
    /// What they earn in place of the programme's commission, from a time on.
    pub own: Option<(Time, Earns)>,
}

/// A coupon of an affiliate.
#[derive(Clone, Debug)]
pub struct Coupon {
    /// Place of the affiliate.
    pub affiliate: usize,
    /// What the customer types.
    pub code: String,
    /// Stripe's coupon.
    pub stripe_coupon: Option<String>,
    /// Stripe's promotion code.
    pub promotion_code: Option<String>,
    /// When the mapping appeared.
    pub created: Time,
    /// When it did not count.
    pub inactive: Option<Span>,
}

/// A click on an affiliate's link.
#[derive(Clone, Debug)]
pub struct Click {
    /// Its id.
    pub id: String,
    /// Place of the affiliate.
    pub affiliate: usize,
    /// When it happened.
    pub at: Time,
}

/// A span of time, with its start and without its end.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// From then on.
    pub from: Time,
    /// Up to then.
    pub until: Option<Time>,
}

impl Span {
    /// Whether a time lies in it.
    #[must_use]
    pub fn contains(self, at: Time) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A version of the rules.
#[derive(Clone, Debug)]
pub struct Programme {
    /// Payments from then on; the first version holds always.
    pub from: Option<Time>,
    /// The default commission.
    pub earns: Earns,
    /// That of a customer's first payment.
    pub first: Option<Earns>,
    /// By the coupon or the code that bound.
    pub codes: Vec<(&'static str, Earns)>,
    /// By the products and prices that were sold.
    pub products: Vec<(Vec<&'static str>, Earns)>,
    /// By the affiliate, by place.
    pub groups: Vec<(Vec<usize>, Earns)>,
    /// The same, for those of no group.
    pub tiers: Vec<(Vec<usize>, Earns)>,
    /// The most that a payment in this currency earns.
    pub most: Option<(i64, &'static str)>,
    /// Which payments of a customer earn.
    pub limit: Limit,
    /// A second limit by count.
    pub max_payments: Option<u32>,
    /// A second limit by calendar months.
    pub max_months: Option<u32>,
    /// From payment to release.
    pub hold_days: u32,
    /// From a click to the first bind.
    pub window_days: u32,
    /// For which a payment waits for a mapping.
    pub back_bind_days: u32,
    /// Whether a purchase of one's own earns nothing, rather than being held.
    pub reject_own: bool,
    /// Whether coupons go before codes.
    pub coupon_first: bool,
}

/// What a payment earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earns {
    /// Hundredths of a percent of the base.
    Percent(u32),
    /// A fixed amount.
    Flat {
        /// Minor units.
        minor: i64,
        /// Of this currency.
        currency: &'static str,
        /// At most the base.
        capped: bool,
    },
}

/// Which payments of a customer earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Every one.
    All,
    /// The first.
    First,
    /// The first few.
    Payments(u32),
    /// Those of the first few months.
    Months(u32),
}
