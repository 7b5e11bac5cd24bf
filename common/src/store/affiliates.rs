//! Affiliates.

use chrono::{DateTime, Utc};

/// Whether an affiliate's codes bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AffiliateStatus {
    /// They do.
    Active,
    /// They bind nobody new.
    Inactive,
}

impl AffiliateStatus {
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
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == text)
    }

    /// Of a row: one that was closed is inactive, whatever it was before.
    pub(super) fn of(status: &str, closed_at: Option<DateTime<Utc>>) -> Self {
        if closed_at.is_none() && status == "active" { Self::Active } else { Self::Inactive }
    }
}
