//! The API versions that samples are written in.

/// An API version at which a shape changed, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `2020-08-27`: refunds and charges as lists within.
    V2020,
    /// `2022-11-15`: those lists are gone.
    V2022,
    /// `2024-06-20`: invoices repeat their subscription's metadata.
    V2024,
    /// `2025-03-31.basil`: invoices and payments no longer name one another.
    Basil,
    /// `2025-09-30.clover`: coupons move into `source` and `promotion`.
    Clover,
    /// `2026-03-25.dahlia`.
    Dahlia,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 6] =
        [Self::V2020, Self::V2022, Self::V2024, Self::Basil, Self::Clover, Self::Dahlia];

    /// As Stripe writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2020 => "2020-08-27",
            Self::V2022 => "2022-11-15",
            Self::V2024 => "2024-06-20",
            Self::Basil => "2025-03-31.basil",
            Self::Clover => "2025-09-30.clover",
            Self::Dahlia => "2026-03-25.dahlia",
        }
    }
}
