//! What a caller says of an affiliate.

use crate::error::ApiError;
use crate::input::{Fields, MAX_REFERRAL_CODE, MAX_TEXT, Warnings};
use domain::rules::Commission;
use serde_json::Value;
use store::affiliates::{Affiliate, AffiliateStatus, NewAffiliate};

/// What was posted, each field read.
pub(super) struct Posted {
    pub(super) email: String,
    pub(super) referral_code: Option<String>,
    partner_slug: Option<String>,
    status: AffiliateStatus,
    commission: Option<Commission>,
    payout_preferences: Option<Value>,
    /// The names that are there with null: of one who comes back, they clear what was.
    cleared: Vec<&'static str>,
}

/// What need not be there.
const CLEARABLE: [&str; 3] = ["partner_slug", "commission", "payout_preferences"];

impl Posted {
    /// Reads the fields.
    pub(super) fn read(mut fields: Fields) -> Result<(Self, Warnings), ApiError> {
        let email = fields.email("email");
        let email = fields.required("email", email);
        let statuses = AffiliateStatus::ALL.map(|status| (status.as_str(), status));
        let posted = Self {
            email: email.unwrap_or_default(),
            referral_code: fields.code("referral_code", MAX_REFERRAL_CODE),
            partner_slug: fields.text("partner_slug", MAX_TEXT),
            status: fields.one_of("status", &statuses).unwrap_or(AffiliateStatus::Active),
            commission: fields.commission("commission"),
            payout_preferences: fields.json("payout_preferences"),
            cleared: CLEARABLE.into_iter().filter(|name| fields.is_null(name)).collect(),
        };
        Ok((posted, fields.finish()?))
    }

    /// A new affiliate with this code.
    pub(super) fn with_code<'a>(&'a self, code: &'a str) -> NewAffiliate<'a> {
        NewAffiliate {
            email: &self.email,
            referral_code: code,
            partner_slug: self.partner_slug.as_deref(),
            status: self.status,
            commission: self.commission,
            payout_preferences: self.payout_preferences.as_ref(),
        }
    }

    /// One who comes back, with what is said of it now: what is not said stays.
    pub(super) fn applied_to(&self, before: &Affiliate) -> Affiliate {
        let stays = |name| !self.cleared.contains(&name);
        Affiliate {
            user_email: self.email.clone(),
            referral_code: self.referral_code.clone().unwrap_or_else(|| before.referral_code.clone()),
            status: self.status,
            partner_slug: self
                .partner_slug
                .clone()
                .or_else(|| before.partner_slug.clone().filter(|_| stays("partner_slug"))),
            commission: self.commission.or(before.commission.filter(|_| stays("commission"))),
            payout_preferences: self
                .payout_preferences
                .clone()
                .or_else(|| before.payout_preferences.clone().filter(|_| stays("payout_preferences"))),
            ..before.clone()
        }
    }
}
