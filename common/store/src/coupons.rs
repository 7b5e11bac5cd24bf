//! Coupons that belong to an affiliate, as the REST API reads and writes them.

mod list;
mod write;

pub use list::{Filter, count, find, list};
pub use write::{Naming, NewCoupon, WriteError, create, delete, lock, save};

use super::{StoreError, decode};
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::ids::{AffiliateId, CouponId};

/// A coupon that was not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// What it is called, and whose it is.
    pub naming: Naming,
    /// What Stripe has of the same code.
    pub twin: Twin,
    /// Tributary makes its promotion code at Stripe.
    pub at_stripe: bool,
    /// Kept for clients that send it.
    pub lemonsqueezy_discount_code: Option<String>,
    /// Whether it binds.
    pub status: CouponStatus,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The affiliate's address.
    pub affiliate_email: String,
    /// The affiliate's current code.
    pub affiliate_referral_code: String,
}

/// What Stripe has told of a code: the active promotion code of that name, else the latest, and the coupon behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// `promo_…`
    pub promotion_code: Option<String>,
    /// The coupon.
    pub coupon: Option<String>,
}

/// Whether a coupon binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CouponStatus {
    /// It does.
    Active,
    /// It binds nobody new.
    Inactive,
}

impl CouponStatus {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Active, Self::Inactive];

    /// As the table and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl Naming {
    /// Every name under which facts may mention the coupon.
    pub fn names(&self) -> impl Iterator<Item = FoldedCode> {
        let names = [
            Some(self.coupon_code.as_str()),
            self.stripe_coupon_id.as_deref(),
            self.stripe_promotion_code_id.as_deref(),
        ];
        names.into_iter().flatten().filter_map(FoldedCode::new)
    }
}

struct Row {
    id: i64,
    affiliate_id: i64,
    coupon_code: String,
    stripe_coupon_id: Option<String>,
    stripe_promotion_code_id: Option<String>,
    twin_promotion_code: Option<String>,
    twin_coupon: Option<String>,
    at_stripe: bool,
    lemonsqueezy_discount_code: Option<String>,
    status: String,
    created_at: DateTime<Utc>,
    affiliate_email: String,
    affiliate_referral_code: String,
}

impl TryFrom<Row> for Coupon {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: CouponId(row.id),
            naming: Naming {
                affiliate: AffiliateId(row.affiliate_id),
                coupon_code: row.coupon_code,
                stripe_coupon_id: row.stripe_coupon_id,
                stripe_promotion_code_id: row.stripe_promotion_code_id,
            },
            twin: Twin { promotion_code: row.twin_promotion_code, coupon: row.twin_coupon },
            at_stripe: row.at_stripe,
            lemonsqueezy_discount_code: row.lemonsqueezy_discount_code,
            status: CouponStatus::parse(&row.status)
                .ok_or_else(|| decode("a coupon of an unknown status"))?,
            created_at: row.created_at,
            affiliate_email: row.affiliate_email,
            affiliate_referral_code: row.affiliate_referral_code,
        })
    }
}
