//! Every name under which facts may mention an affiliate.

use crate::{PgConnection, StoreError};
use domain::code::FoldedCode;
use domain::ids::AffiliateId;

/// The affiliate's codes, also old ones, and what its coupons are called here and at Stripe.
pub async fn names(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
) -> Result<Vec<FoldedCode>, StoreError> {
    let names = sqlx::query_scalar!(
        r#"SELECT code_folded AS "name!" FROM referral_codes WHERE affiliate_id = $1
         UNION
         SELECT name FROM coupons, UNNEST(ARRAY[code_folded, stripe_coupon_id, stripe_promotion_code_id]) AS name
         WHERE affiliate_id = $1 AND name IS NOT NULL"#,
        affiliate.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(names.iter().filter_map(|name| FoldedCode::new(name)).collect())
}
