//! What a caller says of an affiliate.

use crate::error::ApiError;
use crate::input::{Fields, MAX_REFERRAL_CODE, MAX_TEXT, Warnings};
use app::affiliates::{Clear, NewAffiliate};
use store::affiliates::AffiliateStatus;

/// Reads the fields. The names that are there with null clear what was, of one who comes back.
pub(super) fn read(mut fields: Fields) -> Result<(NewAffiliate, Warnings), ApiError> {
    let email = fields.email("email");
    let email = fields.required("email", email);
    let statuses = AffiliateStatus::ALL.map(|status| (status.as_str(), status));
    let posted = NewAffiliate {
        email: email.unwrap_or_default(),
        referral_code: fields.code("referral_code", MAX_REFERRAL_CODE),
        partner_slug: fields.text("partner_slug", MAX_TEXT),
        status: fields.one_of("status", &statuses).unwrap_or(AffiliateStatus::Active),
        commission: fields.commission("commission"),
        payout_preferences: fields.json("payout_preferences"),
        clear: Clear {
            partner_slug: fields.is_null("partner_slug"),
            commission: fields.is_null("commission"),
            payout_preferences: fields.is_null("payout_preferences"),
        },
    };
    Ok((posted, fields.finish()?))
}
