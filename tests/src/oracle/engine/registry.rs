//! A history's world as the engine takes it.

use crate::oracle::model::{Earns, Limit, Programme, Span, World};
use crate::oracle::render::Numbers;
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::directory::{Affiliate, Click, CodeOwner, Directory, OwnCommission, Period};
use domain::ids::{AffiliateId, RuleId};
use domain::rules::{Commission, RuleVersion, Rules};
use serde_json::{Value, json};

/// Everything in the registry.
pub(super) fn directory(world: &World, numbers: &Numbers) -> Directory {
    let mut directory = Directory::default();
    let id = |place: usize| AffiliateId(numbers.affiliates[place]);
    for (place, affiliate) in world.affiliates.iter().enumerate() {
        let created_at = time(affiliate.created);
        let code = affiliate.code.clone();
        let owner = CodeOwner { affiliate: id(place), code, created_at, inactive: Vec::new() };
        directory.referral_codes.insert(FoldedCode::new(&affiliate.code).unwrap(), owner);
        let own = affiliate.own.map(|(from, earns)| OwnCommission {
            version: 1,
            valid_from: Some(time(from)),
            commission: Some(commission(earns)),
        });
        directory.affiliates.insert(
            id(place),
            Affiliate {
                id: id(place),
                referral_code: affiliate.code.clone(),
                created_at,
                inactive: affiliate.inactive.map(period).into_iter().collect(),
                email: affiliate.email.clone(),
                codes: Vec::new(),
                addresses: Vec::new(),
                commissions: own.into_iter().collect(),
            },
        );
    }
    for coupon in &world.coupons {
        let owner = CodeOwner {
            affiliate: id(coupon.affiliate),
            code: coupon.code.clone(),
            created_at: time(coupon.created),
            inactive: coupon.inactive.map(period).into_iter().collect(),
        };
        for (names, name) in [
            (&mut directory.coupons_by_code, Some(&coupon.code)),
            (&mut directory.coupons_by_stripe_coupon, coupon.stripe_coupon.as_ref()),
            (&mut directory.coupons_by_promotion_code, coupon.promotion_code.as_ref()),
        ] {
            if let Some(name) = name.and_then(|name| FoldedCode::new(name)) {
                names.entry(name).or_default().push(owner.clone());
            }
        }
    }
    for click in &world.clicks {
        let code = world.affiliates[click.affiliate].code.clone();
        let at = time(click.at);
        let owner = CodeOwner { affiliate: id(click.affiliate), code, created_at: at, inactive: Vec::new() };
        directory.clicks.insert(FoldedCode::new(&click.id).unwrap(), Click { owner, at });
    }
    directory
}

/// The versions of the rules.
pub(super) fn versions(world: &World, numbers: &Numbers) -> Vec<RuleVersion> {
    let version = |(id, programme): (i64, &Programme)| RuleVersion {
        id: RuleId(id),
        valid_from: programme.from.map(time),
        rules: rules(programme, numbers),
    };
    (1..).zip(&world.programmes).map(version).collect()
}

/// Rules as they are stored.
pub(in crate::oracle) fn rules(programme: &Programme, numbers: &Numbers) -> Rules {
    let recurring = match programme.limit {
        Limit::All => json!("all"),
        Limit::First => json!("first"),
        Limit::Payments(most) => json!({"payments": most}),
        Limit::Months(months) => json!({"months": months}),
    };
    let codes: serde_json::Map<String, Value> =
        programme.codes.iter().map(|(code, rate)| ((*code).to_owned(), earns(*rate))).collect();
    let products: Vec<Value> = programme
        .products
        .iter()
        .map(|(names, rate)| {
            let of = |prefix: &str| names.iter().filter(|name| name.starts_with(prefix)).collect::<Vec<_>>();
            json!({"name": "some", "products": of("prod_"), "prices": of("price_"), "commission": earns(*rate)})
        })
        .collect();
    let members = |list: &[(Vec<usize>, Earns)]| -> Vec<Value> {
        let one = |(places, rate): &(Vec<usize>, Earns)| {
            let ids: Vec<i64> = places.iter().map(|place| numbers.affiliates[*place]).collect();
            json!({"name": "some", "affiliates": ids, "commission": earns(*rate)})
        };
        list.iter().map(one).collect()
    };
    let rules = json!({
        "commission": earns(programme.earns),
        "first_commission": programme.first.map(earns),
        "codes": codes,
        "products": products,
        "groups": members(&programme.groups),
        "tiers": members(&programme.tiers),
        "max_commission": programme.most.map(|(minor, currency)| json!({"minor": minor, "currency": currency})),
        "recurring": recurring,
        "max_payments": programme.max_payments,
        "max_months": programme.max_months,
        "hold_days": programme.hold_days,
        "window_days": programme.window_days,
        "back_bind_days": programme.back_bind_days,
        "self_referral": if programme.reject_own { "reject" } else { "hold" },
        "coupon_first": programme.coupon_first,
    });
    serde_json::from_value(rules).unwrap()
}

/// A commission as it is stored.
pub(in crate::oracle) fn commission(earns: Earns) -> Commission {
    serde_json::from_value(self::earns(earns)).unwrap()
}

fn earns(earns: Earns) -> Value {
    match earns {
        Earns::Percent(basis_points) => json!({"kind": "percent", "basis_points": basis_points}),
        Earns::Flat { minor, currency, capped } => {
            json!({"kind": "flat", "minor": minor, "currency": currency, "capped_at_base": capped})
        }
    }
}

fn period(span: Span) -> Period {
    Period { from: Some(time(span.from)), until: span.until.map(time) }
}

fn time(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap()
}
