//! Entering, changing and deleting a coupon.

use super::{Coupon, CouponStatus, find};
use crate::{PgConnection, SqlxError, StoreError};
use domain::code::FoldedCode;
use domain::ids::{AffiliateId, CouponId, Realm};

/// What a coupon is called, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Whose it is.
    pub affiliate: AffiliateId,
    /// What the customer types, as it was written.
    pub coupon_code: String,
    /// Stripe's coupon, when known.
    pub stripe_coupon_id: Option<String>,
    /// Stripe's promotion code, when known.
    pub stripe_promotion_code_id: Option<String>,
}

/// Why a coupon is not written. The transaction is of no further use.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another coupon has the code.
    #[error("the coupon code is taken")]
    CodeTaken,
    /// There is no such affiliate, or it was closed.
    #[error("the affiliate does not exist")]
    UnknownAffiliate,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Constraint { constraint, .. } if constraint == "coupons_code_key" => Self::CodeTaken,
            StoreError::Constraint { .. }
            | StoreError::Unavailable(_)
            | StoreError::Refused(_)
            | StoreError::Serialization(_)
            | StoreError::Occupied(_)
            | StoreError::Slow(_)
            | StoreError::Other(_) => Self::Store(error),
        }
    }
}

impl From<SqlxError> for WriteError {
    fn from(error: SqlxError) -> Self {
        StoreError::from(error).into()
    }
}

/// A coupon to be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCoupon {
    /// What it is called, and whose it is.
    pub naming: Naming,
    /// Kept for clients that send it.
    pub lemonsqueezy_discount_code: Option<String>,
    /// Whether it binds.
    pub status: CouponStatus,
    /// Whether Tributary makes its promotion code at Stripe.
    pub at_stripe: bool,
}

/// Enters a coupon.
pub async fn create(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewCoupon,
) -> Result<CouponId, WriteError> {
    let naming = &new.naming;
    must_exist(connection, realm, naming.affiliate).await?;
    // One that begins inactive was never active before.
    let id = sqlx::query_scalar!(
        "WITH coupon AS (
             INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, stripe_coupon_id,
                                  stripe_promotion_code_id, lemonsqueezy_discount_code, status, at_stripe)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             RETURNING id, status
         ), suspension AS (
             INSERT INTO suspensions (coupon_id, suspended_from)
             SELECT id, '-infinity' FROM coupon WHERE status = 'inactive'
         )
         SELECT id FROM coupon",
        realm.project.0,
        realm.mode.is_live(),
        naming.affiliate.0,
        naming.coupon_code,
        folded(&naming.coupon_code),
        naming.stripe_coupon_id,
        naming.stripe_promotion_code_id,
        new.lemonsqueezy_discount_code,
        new.status.as_str(),
        new.at_stripe,
    )
    .fetch_one(connection)
    .await?;
    Ok(CouponId(id))
}

/// The coupon with this id, unless it was deleted; nobody else changes it until the transaction
/// ends.
pub async fn lock(
    connection: &mut PgConnection,
    realm: Realm,
    id: CouponId,
) -> Result<Option<Coupon>, StoreError> {
    sqlx::query!("SELECT id FROM coupons WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    find(connection, realm, id).await
}

/// Writes what changed of a coupon that [`lock`] has locked. What it was called and whose it was
/// keeps counting for what happened before.
pub async fn save(
    connection: &mut PgConnection,
    realm: Realm,
    before: &Coupon,
    after: &Coupon,
) -> Result<(), WriteError> {
    if before.naming != after.naming {
        if before.naming.affiliate != after.naming.affiliate {
            must_exist(connection, realm, after.naming.affiliate).await?;
        }
        rename(connection, after).await?;
    }
    sqlx::query!(
        "UPDATE coupons SET lemonsqueezy_discount_code = $2, status = $3 WHERE id = $1",
        after.id.0,
        after.lemonsqueezy_discount_code,
        after.status.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    match (before.status, after.status) {
        (CouponStatus::Active, CouponStatus::Inactive) => suspend(connection, after.id).await?,
        (CouponStatus::Inactive, CouponStatus::Active) => resume(connection, after.id).await?,
        (CouponStatus::Active, CouponStatus::Active) | (CouponStatus::Inactive, CouponStatus::Inactive) => {}
    }
    Ok(())
}

/// Deletes a coupon that [`lock`] has locked: it binds nobody from now on.
pub async fn delete(connection: &mut PgConnection, id: CouponId) -> Result<(), StoreError> {
    sqlx::query!("UPDATE coupons SET deleted_at = clock_timestamp() WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a coupon its new naming and keeps the old one as a former coupon, in one statement: both
/// change at one time.
async fn rename(connection: &mut PgConnection, coupon: &Coupon) -> Result<(), WriteError> {
    sqlx::query!(
        "WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at),
              former AS (
                  INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, stripe_coupon_id,
                                       stripe_promotion_code_id, status, created_at, named_at, deleted_at, former_of)
                  SELECT project_id, livemode, affiliate_id, coupon_code, code_folded, stripe_coupon_id,
                         stripe_promotion_code_id, status, created_at, named_at, now.at, id
                  FROM coupons, now WHERE id = $1
              )
         UPDATE coupons
         SET affiliate_id = $2, coupon_code = $3, code_folded = $4, stripe_coupon_id = $5,
             stripe_promotion_code_id = $6, named_at = now.at
         FROM now WHERE id = $1",
        coupon.id.0,
        coupon.naming.affiliate.0,
        coupon.naming.coupon_code,
        folded(&coupon.naming.coupon_code),
        coupon.naming.stripe_coupon_id,
        coupon.naming.stripe_promotion_code_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the affiliate is there to be given a coupon; it is not closed meanwhile.
async fn must_exist(
    connection: &mut PgConnection,
    realm: Realm,
    affiliate: AffiliateId,
) -> Result<(), WriteError> {
    let found = sqlx::query!(
        "SELECT id FROM affiliates
         WHERE id = $3 AND project_id = $1 AND livemode = $2 AND closed_at IS NULL
         FOR SHARE",
        realm.project.0,
        realm.mode.is_live(),
        affiliate.0,
    )
    .fetch_optional(connection)
    .await?;
    found.map(|_| ()).ok_or(WriteError::UnknownAffiliate)
}

// The clock, not the transaction's beginning: it may have waited for the lock.

async fn suspend(connection: &mut PgConnection, coupon: CouponId) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO suspensions (coupon_id, suspended_from) VALUES ($1, clock_timestamp())",
        coupon.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn resume(connection: &mut PgConnection, coupon: CouponId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE suspensions SET suspended_until = clock_timestamp()
         WHERE coupon_id = $1 AND suspended_until IS NULL",
        coupon.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn folded(code: &str) -> String {
    FoldedCode::new(code).map(|code| code.as_str().to_owned()).unwrap_or_default()
}
