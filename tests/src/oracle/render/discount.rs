//! Discounts, in the shape of their version.

use crate::oracle::model::Discount;
use serde_json::{Value, json};
use stripe::sample::Version;

/// A discount as invoices carry it.
pub(super) fn object(version: Version, discount: &Discount) -> Value {
    let promotion = promotion(version, discount);
    let id = format!("di_{}_{}", discount.coupon, discount.promotion.as_deref().unwrap_or_default());
    if version >= Version::Clover {
        json!({
            "id": id, "object": "discount", "promotion_code": promotion,
            "source": {"coupon": discount.coupon, "type": "coupon"},
        })
    } else {
        json!({
            "id": id, "object": "discount", "promotion_code": promotion,
            "coupon": {"id": discount.coupon, "object": "coupon"},
        })
    }
}

/// A promotion code: its id, or itself when the text is told.
pub(super) fn promotion(version: Version, discount: &Discount) -> Value {
    let Some(text) = &discount.text else { return json!(discount.promotion) };
    let mut code = json!({"id": discount.promotion, "object": "promotion_code", "code": text});
    if version >= Version::Clover {
        code["promotion"] = json!({"coupon": discount.coupon, "type": "coupon"});
    } else {
        code["coupon"] = json!({"id": discount.coupon, "object": "coupon"});
    }
    code
}
