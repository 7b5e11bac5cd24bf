//! Discounts: coupons and promotion codes, in every shape in which an object carries them.

use super::json::{Identified, Ref, Text, filled};
use domain::fact::TouchMethod;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A discount, or an entry of a session's `discounts`, which has no id.
///
/// The coupon stands in `source.coupon` since 2025-09-30, in `coupon` before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Discount {
    id: Option<Text>,
    source: Option<Source>,
    coupon: Ref,
    promotion_code: Ref<PromotionCode>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    coupon: Ref,
}

impl Identified for Discount {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

/// A promotion code; its coupon stands in `promotion.coupon` since 2025-09-30, in `coupon` before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromotionCode {
    id: Option<Text>,
    code: Option<Text>,
    promotion: Option<Source>,
    coupon: Ref,
}

impl Identified for PromotionCode {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

/// How many coupons and codes of one object are looked at. Stripe allows 20 discounts for one payment.
const MOST: usize = 1_000;

/// The discounts met on one object and its lines, each once, in the order in which Stripe lists them.
#[derive(Debug, Default)]
pub(super) struct Discounts {
    found: Vec<FoundCode>,
    seen: BTreeSet<(TouchMethod, String)>,
    /// The place of each discount with an id; those of a session have none.
    places: BTreeMap<String, u32>,
    next_place: u32,
    with_text: BTreeSet<String>,
    codes_without_text: bool,
}

/// A code or coupon, and whose discount's it is.
#[derive(Debug)]
pub(super) struct FoundCode {
    /// How it was carried.
    pub(super) method: TouchMethod,
    /// Its id or text.
    pub(super) value: String,
    /// The place of its discount among those of the object.
    pub(super) place: u32,
}

impl Discounts {
    /// Notes a discount, of which the payload may give no more than the id.
    pub(super) fn note(&mut self, discount: &Ref<Discount>) {
        if discount.id().is_none() && discount.object().is_none() {
            return;
        }
        let place = self.place(discount.id());
        if let Some(object) = discount.object() {
            self.note_object(object, place);
        }
    }

    /// The place of a discount: that of its first mention.
    fn place(&mut self, id: Option<&str>) -> u32 {
        if let Some(place) = id.and_then(|id| self.places.get(id)) {
            return *place;
        }
        let place = self.next_place;
        self.next_place = place.saturating_add(1);
        self.places.extend(id.map(|id| (id.to_owned(), place)));
        place
    }

    fn note_object(&mut self, discount: &Discount, place: u32) {
        let promotion = discount.promotion_code.object();
        let coupons = [
            discount.source.as_ref().and_then(|source| source.coupon.id()),
            discount.coupon.id(),
            promotion.and_then(|code| code.promotion.as_ref()).and_then(|source| source.coupon.id()),
            promotion.and_then(|code| code.coupon.id()),
        ];
        if let Some(id) = discount.promotion_code.id() {
            self.add(TouchMethod::PromotionCode, id, place);
            match promotion.and_then(|code| filled(code.code.as_ref())) {
                Some(code) => self.add(TouchMethod::PromotionCodeText, code, place),
                None => self.codes_without_text = true,
            }
        }
        let coupon = coupons.into_iter().flatten().next();
        if let Some(coupon) = coupon {
            self.add(TouchMethod::Coupon, coupon, place);
        }
        // A deleted or unexpanded discount may be an object and still say nothing.
        if let Some(id) = discount.id().filter(|_| coupon.is_some()) {
            self.with_text.insert(id.to_owned());
        }
    }

    /// Whether Stripe knows more than the payload said: a discount of which only the id was there,
    /// or a promotion code without its text.
    pub(super) fn has_gaps(&self) -> bool {
        self.codes_without_text || self.places.keys().any(|id| !self.with_text.contains(id))
    }

    /// What was found, in order.
    pub(super) fn found(&self) -> &[FoundCode] {
        &self.found
    }

    fn add(&mut self, method: TouchMethod, value: &str, place: u32) {
        let value = value.to_owned();
        if self.found.len() < MOST && self.seen.insert((method, value.clone())) {
            self.found.push(FoundCode { method, value, place });
        }
    }
}
