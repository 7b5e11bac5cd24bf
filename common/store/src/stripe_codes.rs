//! Promotion codes and coupons at Stripe: the twins of affiliates' coupons, by code (ADR 57).

use super::{PgConnection, StoreError, realm};
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::ids::{CouponId, Realm};
use domain::provider_code::{ProviderCode, ProviderCodeKind};
use std::collections::BTreeMap;

/// A code, and when it was so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTold {
    /// The project and mode.
    pub realm: Realm,
    /// The code.
    pub code: ProviderCode,
    /// When it was so.
    pub at: DateTime<Utc>,
    /// The coupon for which Tributary made it.
    pub made_for: Option<CouponId>,
}

/// A promotion code that Tributary made for a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// `promo_…`
    pub id: String,
    /// What the customer types.
    pub code: String,
    /// Stripe's coupon.
    pub coupon: Option<String>,
    /// Whether it can be used.
    pub active: bool,
}

/// Keeps what was told, the latest of each code; of one time, that it cannot be used. Tells the ids of promotion codes that were not
/// known: what mentions one of them may be somebody's now. None is no statement.
///
/// # Errors
/// [`StoreError`]
pub async fn learn(
    connection: &mut PgConnection,
    told: &[CodeTold],
) -> Result<Vec<(Realm, FoldedCode)>, StoreError> {
    // A statement may meet each row only once; in order, so that two of them wait for one another.
    let mut latest: BTreeMap<(Realm, ProviderCodeKind, &str), &CodeTold> = BTreeMap::new();
    for one in told {
        let standing = latest.entry((one.realm, one.code.kind, &one.code.id)).or_insert(one);
        if (one.at, !one.code.active) > (standing.at, !standing.code.active) {
            *standing = one;
        }
    }
    let told: Vec<&CodeTold> = latest.into_values().collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"INSERT INTO stripe_codes (project_id, livemode, kind, stripe_id, id_folded, code, code_folded, stripe_coupon_id, active,
                                  told_at, made_for)
         SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::TEXT[],
                              $9::BOOLEAN[], $10::TIMESTAMPTZ[], $11::BIGINT[])
         ON CONFLICT (project_id, livemode, kind, stripe_id) DO UPDATE
         SET active = CASE WHEN (excluded.told_at, NOT excluded.active) > (stripe_codes.told_at, NOT stripe_codes.active)
                      THEN excluded.active ELSE stripe_codes.active END,
             told_at = greatest(excluded.told_at, stripe_codes.told_at),
             stripe_coupon_id = coalesce(stripe_codes.stripe_coupon_id, excluded.stripe_coupon_id),
             made_for = coalesce(stripe_codes.made_for, excluded.made_for)
         RETURNING project_id, livemode, kind, id_folded, xmax = 0 AS "is_new!""#,
        &column(&told, |one| one.realm.project.0),
        &column(&told, |one| one.realm.mode.is_live()),
        &column(&told, |one| one.code.kind.as_str().to_owned()),
        &column(&told, |one| one.code.id.clone()),
        &column(&told, |one| folded(&one.code.id)),
        &column(&told, |one| one.code.code.clone()),
        &column(&told, |one| folded(&one.code.code)),
        &column(&told, |one| one.code.coupon.clone()) as &[Option<String>],
        &column(&told, |one| one.code.active),
        &column(&told, |one| one.at),
        &column(&told, |one| one.made_for.map(|coupon| coupon.0)) as &[Option<i64>],
    )
    .fetch_all(connection)
    .await?;
    let new = rows.into_iter().filter(|row| row.is_new && row.kind == ProviderCodeKind::Promotion.as_str());
    Ok(new.map(|row| (realm(row.project_id, row.livemode), FoldedCode::stored(row.id_folded))).collect())
}

/// The ids of the promotion codes that are called one of these.
///
/// # Errors
/// [`StoreError`]
pub async fn ids_of(
    connection: &mut PgConnection,
    realm: Realm,
    codes: &[FoldedCode],
) -> Result<Vec<FoldedCode>, StoreError> {
    let codes: Vec<String> = codes.iter().map(|code| code.as_str().to_owned()).collect();
    let ids = sqlx::query_scalar!(
        "SELECT id_folded FROM stripe_codes
         WHERE project_id = $1 AND livemode = $2 AND code_folded = ANY($3) AND kind = 'promotion_code'
         ORDER BY id_folded",
        realm.project.0,
        realm.mode.is_live(),
        &codes,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(FoldedCode::stored).collect())
}

/// The promotion codes that were made for a coupon, the latest first.
///
/// # Errors
/// [`StoreError`]
pub async fn made_for(connection: &mut PgConnection, coupon: CouponId) -> Result<Vec<Made>, StoreError> {
    let rows = sqlx::query_as!(
        Made,
        "SELECT stripe_id AS id, code, stripe_coupon_id AS coupon, active FROM stripe_codes
         WHERE made_for = $1 AND kind = 'promotion_code' ORDER BY told_at DESC, stripe_id",
        coupon.0,
    );
    Ok(rows.fetch_all(connection).await?)
}

fn column<T>(told: &[&CodeTold], field: impl Fn(&CodeTold) -> T) -> Vec<T> {
    told.iter().map(|one| field(one)).collect()
}

fn folded(code: &str) -> String {
    FoldedCode::new(code).map(|code| code.as_str().to_owned()).unwrap_or_default()
}
