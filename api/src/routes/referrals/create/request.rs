//! What a caller says about a referral.

use crate::error::ApiError;
use crate::input::{Fields, MAX_REFERRAL_CODE, MAX_TEXT, Warnings};
use crate::openapi::values::{Email, ReferralStatusWord, StripeCustomerId, Text};
use app::referrals::NewReferral;
use domain::code::FoldedCode;
use domain::ids::AffiliateId;
use domain::settle::CustomerStatus;
use store::registrations::AffiliateName;
use utoipa::ToSchema;

/// A user who was referred.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; read reads it")]
pub(crate) struct PostReferral {
    email: Email,
    /// Who referred them.
    #[schema(minimum = 1)]
    affiliate_id: Option<i64>,
    /// Counts when there is no `affiliate_id`.
    #[schema(max_length = 64)]
    referral_code: Option<Text>,
    /// `converted` or `direct` says that they have paid; otherwise their payments tell.
    status: Option<ReferralStatusWord>,
    stripe_customer_id: Option<StripeCustomerId>,
    /// Your own id of the user.
    external_id: Option<Text>,
}

/// Reads the fields.
pub(super) fn read(mut fields: Fields) -> Result<(NewReferral, Warnings), ApiError> {
    let email = fields.email("email");
    let email = fields.required("email", email);
    let by_id = fields.id("affiliate_id").map(|id| ("affiliate_id", AffiliateName::Id(AffiliateId(id))));
    let code = fields.text("referral_code", MAX_REFERRAL_CODE);
    let by_code = code.as_deref().and_then(FoldedCode::new);
    let by_code = by_code.map(|code| ("referral_code", AffiliateName::Code(code)));
    let statuses = CustomerStatus::ALL.map(|status| (status.as_str(), status));
    let status = fields.one_of("status", &statuses);
    let affiliate = by_id.or(by_code);
    let direct = matches!(status, Some(CustomerStatus::Direct | CustomerStatus::DirectSignup));
    if direct && affiliate.is_some() {
        fields.problem("status", "status: who was referred by an affiliate is pending or converted");
    }
    let stripe_customer_id = fields.text("stripe_customer_id", MAX_TEXT);
    let posted = NewReferral {
        email: email.unwrap_or_default(),
        affiliate,
        referral_code: code,
        stripe_customer_id,
        external_id: fields.text("external_id", MAX_TEXT),
        converted: matches!(status, Some(CustomerStatus::Converted | CustomerStatus::Direct)),
    };
    Ok((posted, fields.finish()?))
}
