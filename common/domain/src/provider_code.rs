//! Promotion codes and coupons of a payment provider: the twins of affiliates' coupons.

/// A code as the provider has it. What it is called and which coupon it gives never change there; whether it can be used does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderCode {
    /// What it is.
    pub kind: ProviderCodeKind,
    /// The provider's id: `promo_…`, or a coupon's, which may be any text.
    pub id: String,
    /// What the customer types. A coupon's own id, where no promotion code leads to it.
    pub code: String,
    /// The coupon that a promotion code gives.
    pub coupon: Option<String>,
    /// Whether it can be used now.
    pub active: bool,
}

/// What a provider's code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProviderCodeKind {
    /// What the customer types, for a coupon.
    Promotion,
    /// A discount.
    Coupon,
}

impl ProviderCodeKind {
    /// As the table writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promotion => "promotion_code",
            Self::Coupon => "coupon",
        }
    }
}
