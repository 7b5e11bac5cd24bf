//! Lists of coupons, and one by its id.

use super::{Coupon, CouponStatus, Row};
use crate::page::{Page, Rows};
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, CouponId, Realm};

/// Which coupons are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of one affiliate.
    pub affiliate: Option<AffiliateId>,
    /// In one status.
    pub status: Option<CouponStatus>,
    /// Whose code holds this, in any case.
    pub code_part: Option<String>,
}

impl Filter {
    fn code_part(&self) -> Option<String> {
        self.code_part.as_deref().map(str::to_lowercase)
    }
}

/// The coupon with this id, unless it was deleted.
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    id: CouponId,
) -> Result<Option<Coupon>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.affiliate_id, c.coupon_code, c.stripe_coupon_id, c.stripe_promotion_code_id,
                t.stripe_id AS "twin_promotion_code?", coalesce(t.stripe_coupon_id, k.stripe_id) AS twin_coupon, c.at_stripe,
                c.lemonsqueezy_discount_code, c.status, c.created_at, a.user_email AS affiliate_email,
                a.referral_code AS affiliate_referral_code
         FROM coupons c JOIN affiliates a ON a.id = c.affiliate_id
         LEFT JOIN LATERAL (
             SELECT stripe_id, stripe_coupon_id FROM stripe_codes
             WHERE project_id = c.project_id AND livemode = c.livemode AND code_folded = c.code_folded AND kind = 'promotion_code'
             ORDER BY active DESC, told_at DESC, stripe_id LIMIT 1
         ) t ON TRUE
         LEFT JOIN LATERAL (
             SELECT stripe_id FROM stripe_codes
             WHERE project_id = c.project_id AND livemode = c.livemode AND code_folded = c.code_folded AND kind = 'coupon'
             ORDER BY active DESC, told_at DESC, stripe_id LIMIT 1
         ) k ON TRUE
         WHERE c.id = $3 AND c.project_id = $1 AND c.livemode = $2 AND c.deleted_at IS NULL"#,
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Coupon::try_from)
    .transpose()
}

/// A page of coupons, newest first.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Coupon>, StoreError> {
    let (bound_at, bound_id) = page.bound();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.affiliate_id, c.coupon_code, c.stripe_coupon_id, c.stripe_promotion_code_id,
                t.stripe_id AS "twin_promotion_code?", coalesce(t.stripe_coupon_id, k.stripe_id) AS twin_coupon, c.at_stripe,
                c.lemonsqueezy_discount_code, c.status, c.created_at, a.user_email AS affiliate_email,
                a.referral_code AS affiliate_referral_code
         FROM coupons c JOIN affiliates a ON a.id = c.affiliate_id
         LEFT JOIN LATERAL (
             SELECT stripe_id, stripe_coupon_id FROM stripe_codes
             WHERE project_id = c.project_id AND livemode = c.livemode AND code_folded = c.code_folded AND kind = 'promotion_code'
             ORDER BY active DESC, told_at DESC, stripe_id LIMIT 1
         ) t ON TRUE
         LEFT JOIN LATERAL (
             SELECT stripe_id FROM stripe_codes
             WHERE project_id = c.project_id AND livemode = c.livemode AND code_folded = c.code_folded AND kind = 'coupon'
             ORDER BY active DESC, told_at DESC, stripe_id LIMIT 1
         ) k ON TRUE
         WHERE c.project_id = $1 AND c.livemode = $2 AND c.deleted_at IS NULL
           AND (c.created_at, c.id) < ($3, $4) AND ($5::bigint IS NULL OR c.affiliate_id = $5)
           AND ($6::text IS NULL OR c.status = $6)
           AND ($7::text IS NULL OR strpos(c.code_folded, $7) > 0)
         ORDER BY c.created_at DESC, c.id DESC
         LIMIT $8 OFFSET $9"#,
        realm.project.0,
        realm.mode.is_live(),
        bound_at,
        bound_id,
        filter.affiliate.map(|id| id.0),
        filter.status.map(CouponStatus::as_str),
        filter.code_part(),
        page.limit.saturating_add(1),
        page.offset,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(Coupon::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::cut(rows, page))
}

/// How many coupons a filter lets through.
pub async fn count(connection: &mut PgConnection, realm: Realm, filter: &Filter) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM coupons
         WHERE project_id = $1 AND livemode = $2 AND deleted_at IS NULL
           AND ($3::bigint IS NULL OR affiliate_id = $3) AND ($4::text IS NULL OR status = $4)
           AND ($5::text IS NULL OR strpos(code_folded, $5) > 0)"#,
        realm.project.0,
        realm.mode.is_live(),
        filter.affiliate.map(|id| id.0),
        filter.status.map(CouponStatus::as_str),
        filter.code_part(),
    )
    .fetch_one(connection)
    .await?)
}
