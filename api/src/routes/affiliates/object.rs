//! An affiliate as clients see it.

use crate::answer::timestamp;
use crate::openapi::values::{AffiliateStatusWord, Notes};
use domain::money::{Currency, Money};
use serde::Serialize;
use serde_json::Value;
use store::affiliates::{self, Earnings, Figures};
use utoipa::ToSchema;

/// Somebody who refers customers, and what that earns.
///
/// The amounts beside `earnings` are those of `currency`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Affiliate {
    id: i64,
    #[schema(example = "partner@example.com")]
    user_email: String,
    /// The current code; older ones keep resolving.
    #[schema(example = "PARTNER1")]
    referral_code: String,
    /// A name for links.
    partner_slug: Option<String>,
    /// `active`, or `inactive`: its codes bind nobody new.
    #[schema(value_type = AffiliateStatusWord)]
    status: &'static str,
    /// Visits by its links.
    clicks: i64,
    /// Referrals that are bound to it.
    signups: i64,
    /// Purchases that were not taken back.
    purchases: i64,
    /// Not paid yet: eligible and held.
    #[schema(example = "50.00")]
    unpaid_earnings: String,
    /// Everything, net of what was taken back.
    #[schema(example = "120.00")]
    total_earnings: String,
    /// Not paid yet, and may be.
    #[schema(example = "30.00")]
    eligible_earnings: String,
    /// Not paid yet, and may not be: before its release, or in dispute.
    #[schema(example = "20.00")]
    held_earnings: String,
    /// When the next of it is released, in whichever currency.
    #[schema(format = DateTime)]
    next_release_date: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was closed; absent while it is open.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    /// ISO 4217, lower case: the currency of most of its conversions.
    #[schema(example = "usd")]
    currency: String,
    /// One for each currency; nothing is converted.
    earnings: Vec<CurrencyEarnings>,
    /// Your own notes on how to pay.
    #[schema(value_type = Option<Notes>)]
    payout_preferences: Option<Value>,
    /// What it earns instead of the programme's commission.
    #[schema(example = "20%")]
    commission: Option<String>,
}

/// What an affiliate earned in one currency.
#[derive(Serialize, ToSchema)]
struct CurrencyEarnings {
    #[schema(example = "usd")]
    currency: String,
    unpaid_earnings: String,
    total_earnings: String,
    eligible_earnings: String,
    held_earnings: String,
    #[schema(format = DateTime)]
    next_release_date: Option<String>,
}

impl Affiliate {
    pub(super) fn new(affiliate: affiliates::Affiliate, figures: Figures) -> Self {
        let main = main(&figures.earnings);
        let status = affiliate.standing();
        let next_release = figures.earnings.iter().filter_map(|earnings| earnings.next_release_at).min();
        Self {
            id: affiliate.id.0,
            user_email: affiliate.user_email,
            referral_code: affiliate.referral_code,
            partner_slug: affiliate.partner_slug,
            status: status.as_str(),
            clicks: figures.clicks,
            signups: figures.signups,
            purchases: figures.purchases,
            unpaid_earnings: main.unpaid.to_decimal(),
            total_earnings: main.total.to_decimal(),
            eligible_earnings: main.eligible.to_decimal(),
            held_earnings: main.held.to_decimal(),
            next_release_date: next_release.map(timestamp),
            created_at: timestamp(affiliate.created_at),
            closed_at: affiliate.closed_at.map(timestamp),
            currency: main.total.currency.to_string(),
            earnings: figures.earnings.into_iter().map(CurrencyEarnings::from).collect(),
            payout_preferences: affiliate.payout_preferences,
            commission: affiliate.commission.map(|commission| commission.to_string()),
        }
    }
}

/// The currency of most conversions, the first of several by its code; US dollars when there is
/// none.
fn main(earnings: &[Earnings]) -> Earnings {
    let most = earnings.iter().rev().max_by_key(|earnings| earnings.conversions);
    most.cloned().unwrap_or_else(|| {
        let nothing = Money { minor: 0, currency: Currency::USD };
        Earnings {
            conversions: 0,
            total: nothing,
            unpaid: nothing,
            eligible: nothing,
            held: nothing,
            next_release_at: None,
        }
    })
}

impl From<Earnings> for CurrencyEarnings {
    fn from(earnings: Earnings) -> Self {
        Self {
            currency: earnings.total.currency.to_string(),
            unpaid_earnings: earnings.unpaid.to_decimal(),
            total_earnings: earnings.total.to_decimal(),
            eligible_earnings: earnings.eligible.to_decimal(),
            held_earnings: earnings.held.to_decimal(),
            next_release_date: earnings.next_release_at.map(timestamp),
        }
    }
}
