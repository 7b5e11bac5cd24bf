//! Affiliates as the REST API reads and writes them.

mod by_name;
mod figures;
mod list;
mod names;
mod notify;
mod object;
mod random_code;
mod reopen;
mod write;

pub use by_name::by_name;
pub use figures::{Earnings, Figures, figures};
pub use list::{Listed, count, find, find_by_email, list};
pub use names::names;
pub use random_code::random_code;
pub use reopen::reopen;
pub use write::{NewAffiliate, WriteError, close, create, lock_by_email, save};

use super::{StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::AffiliateId;
use domain::rules::Commission;
use serde_json::Value;
use sqlx::types::Json;

/// An affiliate.
#[derive(Clone, Debug, PartialEq)]
pub struct Affiliate {
    /// Its id.
    pub id: AffiliateId,
    /// Its address, as it was written.
    pub user_email: String,
    /// Its current code, as it was written.
    pub referral_code: String,
    /// A name for links.
    pub partner_slug: Option<String>,
    /// Whether its codes bind.
    pub status: AffiliateStatus,
    /// What it earns instead of the programme's commission.
    pub commission: Option<Commission>,
    /// The SaaS company's own notes on how to pay.
    pub payout_preferences: Option<Value>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}

impl Affiliate {
    /// Whether its codes bind: those of one that was closed do not, whatever it was before.
    #[must_use]
    pub fn standing(&self) -> AffiliateStatus {
        if self.closed_at.is_some() { AffiliateStatus::Inactive } else { self.status }
    }
}

/// Whether an affiliate's codes bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AffiliateStatus {
    /// They do.
    Active,
    /// They bind nobody new.
    Inactive,
}

impl AffiliateStatus {
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

    /// Of a row: one that was closed is inactive, whatever it was before.
    pub(super) fn of(status: &str, closed_at: Option<DateTime<Utc>>) -> Self {
        if closed_at.is_none() && status == "active" { Self::Active } else { Self::Inactive }
    }
}

struct Row {
    id: i64,
    user_email: String,
    referral_code: String,
    partner_slug: Option<String>,
    status: String,
    commission: Option<Json<Commission>>,
    payout_preferences: Option<Value>,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Affiliate {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: AffiliateId(row.id),
            user_email: row.user_email,
            referral_code: row.referral_code,
            partner_slug: row.partner_slug,
            status: AffiliateStatus::parse(&row.status)
                .ok_or_else(|| decode("an affiliate of an unknown status"))?,
            closed_at: row.closed_at,
            commission: row.commission.map(|json| json.0),
            payout_preferences: row.payout_preferences,
            created_at: row.created_at,
        })
    }
}
