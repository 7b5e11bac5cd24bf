//! Codes and coupons that were met on something, and whose they are (4 c–e, 5).

use crate::oracle::model::{Coupon, Discount, History, Programme, Time, World};

/// What was met.
#[derive(Clone, Copy, Debug)]
pub(super) enum Met<'a> {
    /// A code in metadata.
    Code(&'a str),
    /// A `client_reference_id`.
    Reference(&'a str),
    /// A discount.
    Discount(&'a Discount),
    /// A coupon that a back end named.
    Named(&'a str),
}

/// The circumstances in which something is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    pub(super) world: &'a World,
    pub(super) rules: &'a Programme,
    /// The time of the checkout, the payment or the signup.
    pub(super) at: Time,
    /// When its money was collected.
    pub(super) settled: Time,
    pub(super) received: Time,
}

/// An affiliate who was found, and how.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) affiliate: usize,
    pub(super) method: &'static str,
    /// The coupon, when it was one.
    pub(super) coupon: Option<String>,
}

/// The rules that hold at a time: the last version that is valid by then.
pub(super) fn rules_at(world: &World, at: Time) -> &Programme {
    let valid =
        world.programmes.iter().enumerate().filter(|(_, version)| version.from.is_none_or(|from| from <= at));
    valid.max_by_key(|(place, version)| (version.from, *place)).map(|(_, version)| version).unwrap()
}

impl<'a> Judged<'a> {
    /// Whose it is, if it counts.
    pub(super) fn find(self, met: Met<'_>) -> Option<Found> {
        match met {
            Met::Code(text) => self.code(text).map(|affiliate| by_code(affiliate, "metadata")),
            Met::Reference(text) => {
                self.code(text).map(|affiliate| by_code(affiliate, "client_reference_id"))
            }
            Met::Named(text) => {
                self.coupon(|coupon| same(&coupon.code, text)).map(|coupon| by_coupon(coupon, "coupon"))
            }
            Met::Discount(discount) => self.discount(discount),
        }
    }

    /// 4 e. A promotion code says whose it is; a coupon may be behind several codes.
    fn discount(self, discount: &Discount) -> Option<Found> {
        let promotion = discount.promotion.as_deref();
        let by_promotion =
            promotion.and_then(|id| self.coupon(|coupon| coupon.promotion_code.as_deref() == Some(id)));
        let text = discount.text.as_deref();
        let by_text = || text.and_then(|text| self.coupon(|coupon| same(&coupon.code, text)));
        let by_its_coupon = || {
            let named = |coupon: &Coupon| coupon.stripe_coupon.as_deref() == Some(discount.coupon.as_str());
            // A coupon whose Stripe id nobody has entered is often named like its code.
            if self.world.coupons.iter().any(named) {
                self.coupon(named)
            } else {
                self.coupon(|coupon| same(&coupon.code, &discount.coupon))
            }
        };
        by_promotion
            .or_else(by_text)
            .map(|coupon| by_coupon(coupon, "promotion_code"))
            .or_else(|| by_its_coupon().map(|coupon| by_coupon(coupon, "coupon")))
    }

    /// The affiliate of the coupon of a name: of the one that counted at the time, else of one that
    /// appeared since.
    fn coupon(self, named: impl Fn(&Coupon) -> bool) -> Option<&'a Coupon> {
        let active = |coupon: &&Coupon| coupon.inactive.is_none_or(|span| !span.contains(self.at));
        let coupons = || self.world.coupons.iter().filter(|coupon| named(coupon)).filter(active);
        let coupon = coupons().find(|coupon| coupon.created <= self.at).or_else(|| coupons().next())?;
        (self.in_time(coupon.created) && self.is_active(coupon.affiliate)).then_some(coupon)
    }

    /// 4 c, d. A referral code or a click, with or without a `ref_` prefix.
    pub(super) fn code(self, text: &str) -> Option<usize> {
        let text = text.trim().to_lowercase();
        let bare = text.strip_prefix("ref_").unwrap_or(&text);
        let of_code = |wanted: &str| {
            self.world.affiliates.iter().position(|affiliate| affiliate.code.to_lowercase() == wanted)
        };
        if let Some(affiliate) = of_code(&text).or_else(|| of_code(bare)) {
            let created = self.world.affiliates[affiliate].created;
            return (self.in_time(created) && self.is_active(affiliate)).then_some(affiliate);
        }
        // 5. From the click to the end of the window.
        let of_click =
            |wanted: &str| self.world.clicks.iter().find(|click| click.id.to_lowercase() == wanted);
        let click = of_click(&text).or_else(|| of_click(bare))?;
        let age = self.at - click.at;
        let fresh = 0 <= age && age <= i64::from(self.rules.window_days) * 86_400;
        (fresh && self.in_time(click.at) && self.is_active(click.affiliate)).then_some(click.affiliate)
    }

    /// 14. Deactivating an affiliate stops new binds from then on.
    pub(super) fn is_active(self, affiliate: usize) -> bool {
        self.world.affiliates[affiliate].inactive.is_none_or(|span| !span.contains(self.at))
    }

    /// 3. A mapping counts if it was there when the payment came, or appeared within the back-bind window.
    fn in_time(self, created: Time) -> bool {
        created <= self.received || created <= self.settled + i64::from(self.rules.back_bind_days) * 86_400
    }
}

fn by_code(affiliate: usize, method: &'static str) -> Found {
    Found { affiliate, method, coupon: None }
}

fn by_coupon(coupon: &Coupon, method: &'static str) -> Found {
    Found { affiliate: coupon.affiliate, method, coupon: Some(coupon.code.clone()) }
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The codes in a customer's metadata, with the time at which each was first there.
pub(super) fn codes_of_customer(history: &History, customer: usize) -> Vec<(Time, &str)> {
    let customer = &history.customers[customer];
    let from_start = customer.code.as_deref().map(|code| (customer.created, code));
    let later = customer.changes.iter().filter_map(|change| Some((change.at, change.code.as_deref()?)));
    let mut codes: Vec<(Time, &str)> = Vec::new();
    for (at, code) in from_start.into_iter().chain(later).filter(|_| customer.told) {
        if codes.iter().all(|(_, known)| *known != code) {
            codes.push((at, code));
        }
    }
    codes
}

/// The code in a subscription's metadata, since when it is known to be there, and when that was received.
pub(super) fn code_of_subscription(history: &History, place: usize) -> Option<(Time, Time, &str)> {
    let subscription = &history.subscriptions[place];
    let code = subscription.code.as_deref()?;
    let invoices = || history.invoices.iter().filter(|invoice| invoice.subscription == Some(place));
    let told = subscription.told.then_some(subscription.created);
    // Its invoices repeat what stood there when they were made.
    let since = told.into_iter().chain(invoices().map(|invoice| invoice.at)).min()?;
    let news = told.into_iter().chain(invoices().map(|invoice| invoice.at + invoice.lag)).min()?;
    Some((since, history.receipt(news), code))
}
