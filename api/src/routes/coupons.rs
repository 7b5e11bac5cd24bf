//! Coupons that belong to an affiliate.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
mod object;
pub(crate) mod update;

use object::Coupon;
