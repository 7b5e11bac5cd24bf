//! A request to see that a coupon has its promotion code at the provider, or has none any more.

use super::ids::CouponId;
use serde::{Deserialize, Serialize};

/// Which coupon: the body of a message of `Promotion`. What is to be done, the coupon says when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// The coupon.
    pub coupon: CouponId,
}
