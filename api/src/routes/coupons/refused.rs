//! What stands in the way of a coupon.

use crate::error::ApiError;
use store::coupons::{Naming, WriteError};

/// The error for a caller who wanted this naming.
pub(super) fn refused(error: WriteError, wanted: &Naming) -> ApiError {
    match error {
        WriteError::CodeTaken => ApiError::Conflict(format!(
            "coupon_code: {} belongs to another coupon of this project",
            wanted.coupon_code
        )),
        WriteError::UnknownAffiliate => {
            ApiError::unknown("affiliate_id", format!("Unknown affiliate: {}", wanted.affiliate))
        }
        WriteError::Store(error) => error.into(),
    }
}
