//! A programme with three affiliates, some of whose codes come late or go early.

use super::dice::Dice;
use crate::oracle::model::{
    Affiliate, Click, Coupon, DAY, Discount, Earns, Limit, Programme, START, Span, Time, World,
};

/// Codes that people write into metadata and `client_reference_id`.
const CODES: [&str; 10] = [
    "alice",
    "bob",
    "Carol",
    "ref_alice",
    " BOB ",
    "nobody",
    "click_1",
    "ref_click_2",
    "click_3",
    "ref_nobody",
];

pub(super) fn world(dice: &mut Dice) -> World {
    let long_ago = START - 365 * DAY;
    let affiliate = |email: &str, code: &str, created: Time| Affiliate {
        email: email.to_owned(),
        code: code.to_owned(),
        created,
        inactive: None,
        own: None,
    };
    let mut affiliates = vec![
        affiliate("alice@affiliates.example", "alice", long_ago),
        affiliate("b.o.b@gmail.com", "bob", long_ago),
        affiliate("carol@affiliates.example", "carol", if dice.one_in(3) { day(dice) } else { long_ago }),
    ];
    if dice.one_in(3) {
        affiliates[1].inactive = Some(span(dice));
    }
    if dice.one_in(3) {
        affiliates[0].own = Some((day(dice), earns(dice)));
    }
    let coupon = |affiliate, code: &str, stripe: Option<&str>, promotion: Option<&str>, created| Coupon {
        affiliate,
        code: code.to_owned(),
        stripe_coupon: stripe.map(str::to_owned),
        promotion_code: promotion.map(str::to_owned),
        created,
        inactive: None,
    };
    // Many promotion codes on one of Stripe's coupons are usual.
    let shared = Some("SHARED");
    let mut coupons = vec![
        coupon(0, "ALICE20", shared, Some("promo_alice"), long_ago),
        coupon(1, "BOB10", shared, Some("promo_bob"), long_ago),
        coupon(2, "LATE", Some("LATE_COUPON"), Some("promo_late"), day(dice)),
        coupon(1, "OLD", None, Some("promo_old"), long_ago),
    ];
    coupons[3].inactive = Some(span(dice));
    if dice.one_in(4) {
        coupons[0].inactive = Some(span(dice));
    }
    let clicks =
        (1..=3).map(|n| Click { id: format!("click_{n}"), affiliate: n - 1, at: day(dice) - 40 * DAY });
    let mut world = World { affiliates, coupons, clicks: clicks.collect(), programmes: Vec::new() };
    world.programmes.push(programme(dice, None));
    for _ in 0..dice.below(3) {
        let from = day(dice);
        world.programmes.push(programme(dice, Some(from)));
    }
    world
}

fn programme(dice: &mut Dice, from: Option<Time>) -> Programme {
    let limit = match dice.below(6) {
        0..=2 => Limit::All,
        3 => Limit::First,
        4 => Limit::Payments(1 + u32::try_from(dice.below(3)).unwrap()),
        _ => Limit::Months(1 + u32::try_from(dice.below(3)).unwrap()),
    };
    let products = [vec!["prod_books"], vec!["price_team_year", "prod_support"], vec!["prod_team"]];
    let codes = ["ALICE20", "alice", "bob10", "carol"];
    Programme {
        from,
        earns: earns(dice),
        limit,
        first: dice.one_in(4).then(|| earns(dice)),
        codes: if dice.one_in(4) { vec![(dice.pick(&codes), earns(dice))] } else { Vec::new() },
        products: products
            .into_iter()
            .filter_map(|names| dice.one_in(4).then(|| (names, earns(dice))))
            .collect(),
        groups: if dice.one_in(5) { vec![(vec![dice.below(3), 2], earns(dice))] } else { Vec::new() },
        tiers: if dice.one_in(5) { vec![(vec![dice.below(3)], earns(dice))] } else { Vec::new() },
        most: dice.one_in(5).then(|| (1 + dice.number(1_500), dice.pick(&["usd", "eur"]))),
        max_payments: dice.one_in(8).then_some(2),
        max_months: dice.one_in(8).then_some(1),
        hold_days: dice.pick(&[0, 30, 14]),
        window_days: dice.pick(&[60, 30, 1]),
        back_bind_days: dice.pick(&[30, 7, 0]),
        reject_own: dice.one_in(4),
        coupon_first: dice.one_in(4),
    }
}

pub(super) fn earns(dice: &mut Dice) -> Earns {
    match dice.below(4) {
        0..=2 => Earns::Percent(dice.pick(&[2_000, 5_000, 3_333, 1, 10_000, 1_250])),
        _ => Earns::Flat { minor: 500, currency: dice.pick(&["usd", "jpy", "isk"]), capped: dice.one_in(2) },
    }
}

/// A day of the story, at midnight, when nothing else happens.
fn day(dice: &mut Dice) -> Time {
    START + dice.number(120) * DAY
}

fn span(dice: &mut Dice) -> Span {
    let from = day(dice);
    Span { from, until: dice.one_in(2).then(|| from + 20 * DAY) }
}

/// A code, now and then.
pub(super) fn code(dice: &mut Dice, one_in: usize) -> Option<String> {
    dice.one_in(one_in).then(|| dice.pick(&CODES).to_owned())
}

/// A discount, now and then.
pub(super) fn discounts(dice: &mut Dice, one_in: usize) -> Vec<Discount> {
    let discount = |promotion: Option<&str>, text: Option<&str>, coupon: &str| Discount {
        promotion: promotion.map(str::to_owned),
        text: text.map(str::to_owned),
        coupon: coupon.to_owned(),
    };
    if !dice.one_in(one_in) {
        return Vec::new();
    }
    let one = |dice: &mut Dice| match dice.below(9) {
        0 => discount(Some("promo_alice"), None, "SHARED"),
        1 => discount(Some("promo_bob"), Some("BOB10"), "SHARED"),
        2 => discount(None, None, "SHARED"),
        3 => discount(Some("promo_late"), Some("LATE"), "LATE_COUPON"),
        4 => discount(Some("promo_old"), None, "whatever"),
        5 => discount(Some("promo_unknown"), Some("bob10"), "co_unknown"),
        6 => discount(None, None, "OLD"),
        7 => discount(None, None, "LATE_COUPON"),
        _ => discount(Some("promo_nobody"), Some("NOBODY"), "co_nobody"),
    };
    // Several may be combined, in an order that is no alphabet's.
    let several = if dice.one_in(3) { 2 } else { 1 };
    (0..several).map(|_| one(dice)).collect()
}
