//! A case's project as rows.

use super::Case;
use anyhow::Result;
use cli::demo::programme::{Entered, WEBHOOK_SECRET};
use domain::ids::{Mode, Realm};
use store::keys::NewKey;
use store::{
    PgConnection,
    affiliates::{self, NewAffiliate},
    coupons::{self, CouponStatus, Naming, NewCoupon},
    keys,
    notifications::keep_quiet,
    program_rules, projects,
};

impl Case {
    /// Enters a project with its rules, affiliates and coupons, which the demo's secret signs for. The caller commits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enter(&self, connection: &mut PgConnection) -> Result<Entered> {
        // What stands before anybody listens is no news.
        keep_quiet(connection).await?;
        let project = projects::create(connection, &self.name).await?.id;
        let realm = Realm { project, mode: Mode::Test };
        program_rules::add(connection, project, &self.rules, None).await?;
        let key = keys::SecretKey::generate();
        keys::create(connection, realm, NewKey { name: "first", ..NewKey::default() }, &key).await?;
        keys::add_webhook_secret(connection, realm, WEBHOOK_SECRET).await?;
        for (code, affiliate) in &self.affiliates {
            let email = format!("{}@affiliates.example", code.to_lowercase());
            let id = affiliates::create(connection, realm, &NewAffiliate::named(&email, code)).await?.id;
            for coupon in &affiliate.coupons {
                let naming = Naming {
                    affiliate: id,
                    coupon_code: coupon.code.clone(),
                    stripe_coupon_id: coupon.stripe_coupon.clone(),
                    stripe_promotion_code_id: coupon.promotion_code.clone(),
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
        let (api_key, webhook_path) = (key.expose().to_owned(), format!("/webhooks/stripe/{project}"));
        Ok(Entered { realm, api_key, webhook_path })
    }
}
