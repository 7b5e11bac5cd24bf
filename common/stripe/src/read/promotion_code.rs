//! Promotion codes and coupons: who is behind a code is the registry's to say, so they tell no facts of a customer.

use crate::collector::FactCollector;
use crate::json::{BadField, Ref, Text, filled, parse, required};
use domain::provider_code::{ProviderCode, ProviderCodeKind};
use serde::Deserialize;

/// A promotion code; its coupon stands in `promotion.coupon` since 2025-09-30, in `coupon` before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromotionCode {
    id: Option<Text>,
    code: Option<Text>,
    active: Option<bool>,
    promotion: Option<Promotion>,
    coupon: Ref,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Promotion {
    coupon: Ref,
}

/// A coupon.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Coupon {
    id: Option<Text>,
    valid: Option<bool>,
}

/// Reads a promotion code as it stands.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let promotion: PromotionCode = parse(json)?;
    let coupon = promotion.promotion.as_ref().and_then(|promotion| promotion.coupon.id());
    let coupon = coupon.or_else(|| promotion.coupon.id());
    collector.code = Some(ProviderCode {
        kind: ProviderCodeKind::Promotion,
        id: required(filled(promotion.id.as_ref()), "id")?.to_owned(),
        code: required(filled(promotion.code.as_ref()), "code")?.to_owned(),
        coupon: coupon.map(str::to_owned),
        active: promotion.active.unwrap_or(true),
    });
    Ok(())
}

/// Reads a coupon as it stands. Its name is for people, and several may have one; its id is what customers typed before there were
/// promotion codes.
pub(super) fn read_coupon(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let coupon: Coupon = parse(json)?;
    let id = required(filled(coupon.id.as_ref()), "id")?;
    collector.code = Some(ProviderCode {
        kind: ProviderCodeKind::Coupon,
        id: id.to_owned(),
        code: id.to_owned(),
        coupon: None,
        active: coupon.valid.unwrap_or(true) && collector.event_type != "coupon.deleted",
    });
    Ok(())
}
