//! Affiliates and their codes, as the demo and the tests enter them.

use super::{PgConnection, StoreError};
use domain::{
    code::FoldedCode,
    email,
    ids::{AffiliateId, CouponId, Realm},
};

/// An affiliate to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewAffiliate<'a> {
    /// Their address.
    pub email: &'a str,
    /// Their referral code, as it is to be shown.
    pub referral_code: &'a str,
}

/// A coupon to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewCoupon<'a> {
    /// Whose it is.
    pub affiliate: AffiliateId,
    /// What the customer types.
    pub code: &'a str,
    /// Stripe's coupon, when known.
    pub stripe_coupon: Option<&'a str>,
    /// Stripe's promotion code, when known.
    pub stripe_promotion_code: Option<&'a str>,
}

/// Enters an affiliate with their referral code.
///
/// # Errors
/// [`StoreError`]; the constraints `affiliates_email_key` and `referral_codes_code_key` tell what is
/// taken.
pub async fn add_affiliate(
    connection: &mut PgConnection,
    realm: Realm,
    new: NewAffiliate<'_>,
) -> Result<AffiliateId, StoreError> {
    let id = sqlx::query_scalar!(
        "WITH affiliate AS (
             INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code)
             VALUES ($1, $2, $3, $4, $5)
             RETURNING id
         )
         INSERT INTO referral_codes (project_id, livemode, affiliate_id, code, code_folded)
         SELECT $1, $2, id, $5, $6 FROM affiliate
         RETURNING affiliate_id",
        realm.project.0,
        realm.mode.is_live(),
        new.email,
        email::normalise(new.email),
        new.referral_code,
        folded(new.referral_code),
    );
    Ok(AffiliateId(id.fetch_one(connection).await?))
}

/// Enters a coupon of an affiliate.
///
/// # Errors
/// [`StoreError`]; the constraint `coupons_code_key` tells that the code is taken.
pub async fn add_coupon(
    connection: &mut PgConnection,
    realm: Realm,
    new: NewCoupon<'_>,
) -> Result<CouponId, StoreError> {
    let id = sqlx::query_scalar!(
        "INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, stripe_coupon_id,
             stripe_promotion_code_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         RETURNING id",
        realm.project.0,
        realm.mode.is_live(),
        new.affiliate.0,
        new.code,
        folded(new.code),
        new.stripe_coupon,
        new.stripe_promotion_code,
    );
    Ok(CouponId(id.fetch_one(connection).await?))
}

fn folded(code: &str) -> String {
    FoldedCode::new(code).map(|code| code.as_str().to_owned()).unwrap_or_default()
}
