//! The demo's programme: a project, its rules, its affiliates and their coupons.

use app::projects::{self, NewProject};
use domain::{
    ids::{Mode, Realm},
    money::BasisPoints,
    rules::{Commission, Recurring, Rules},
};
use store::{
    PgConnection,
    affiliates::{self, NewAffiliate},
    coupons::{self, CouponStatus, Naming, NewCoupon},
    notifications::keep_quiet,
};

/// What the demo signs its events with.
pub const WEBHOOK_SECRET: &str = "whsec_demo_0123456789abcdef0123456789abcdef";

/// An affiliate of the demo.
struct Affiliate {
    email: &'static str,
    code: &'static str,
    coupon: Option<Coupon>,
}

/// A coupon as Stripe and the customer know it.
pub(super) struct Coupon {
    /// What the customer types, and Stripe's id of the coupon.
    pub(super) code: &'static str,
    /// Stripe's id of the promotion code.
    pub(super) promotion_code: &'static str,
}

pub(super) const ANNA: &str = "ANNA";
pub(super) const BEN: &str = "BEN";
pub(super) const CLEO: &str = "CLEO";
pub(super) const BEN20: Coupon = Coupon { code: "BEN20", promotion_code: "promo_1DemoBen20aaaaaaaaaaaaaa" };
pub(super) const CLEO10: Coupon = Coupon { code: "CLEO10", promotion_code: "promo_1DemoCleo10aaaaaaaaaaaaa" };

const AFFILIATES: [Affiliate; 3] = [
    Affiliate { email: "anna@studio.example", code: ANNA, coupon: None },
    Affiliate { email: "ben@podcast.example", code: BEN, coupon: Some(BEN20) },
    Affiliate { email: "cleo@letters.example", code: CLEO, coupon: Some(CLEO10) },
];

/// 20 % of every payment in a customer's first year.
fn rules() -> Rules {
    Rules {
        recurring: Recurring::Months(12),
        hold_days: 30,
        ..Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) })
    }
}

/// The programme, as it was entered.
#[derive(Clone, Debug)]
pub struct Entered {
    /// Project and mode.
    pub realm: Realm,
    /// A key to it.
    pub api_key: String,
    /// Where its events are posted to.
    pub webhook_path: String,
}

/// Enters it all. The caller commits.
///
/// # Errors
/// Those of the database.
pub async fn enter(connection: &mut PgConnection) -> anyhow::Result<Entered> {
    let new = NewProject {
        name: "Demo",
        rules: &rules(),
        mode: Mode::Test,
        webhook_secret: Some(WEBHOOK_SECRET),
        landing_url: None,
    };
    // What stands before anybody listens is no news.
    keep_quiet(connection).await?;
    let created = projects::create(connection, new).await?;
    let realm = Realm { project: created.project_id, mode: created.mode };
    for Affiliate { email, code, coupon } in AFFILIATES {
        let affiliate = affiliates::create(connection, realm, &NewAffiliate::named(email, code)).await?;
        if let Some(Coupon { code, promotion_code }) = coupon {
            let naming = Naming {
                affiliate: affiliate.id,
                coupon_code: code.to_owned(),
                stripe_coupon_id: Some(code.to_owned()),
                stripe_promotion_code_id: Some(promotion_code.to_owned()),
            };
            let new = NewCoupon {
                naming,
                lemonsqueezy_discount_code: None,
                status: CouponStatus::Active,
                at_stripe: false,
            };
            coupons::create(connection, realm, &new).await?;
        }
    }
    Ok(Entered { realm, api_key: created.api_key, webhook_path: created.webhook_path })
}
