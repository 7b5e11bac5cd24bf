//! A conversion as a caller posts it.

use crate::Error;
use chrono::{DateTime, SubsecRound, Utc};
use domain::{
    code::FoldedCode,
    fact::{ConversionKind, CustomerIds, PostedConversion},
    ids::{AffiliateId, CustomerId},
    key::Key,
    money::Currency,
};
use store::conversions::{Named, Prepared};

/// What a caller posts.
#[derive(Clone, Debug)]
pub struct Post {
    /// Signup or purchase.
    pub kind: ConversionKind,
    /// Minor units of commission, when the caller names it.
    pub value: Option<i64>,
    /// Minor units of the sale.
    pub base: Option<i64>,
    /// Of both.
    pub currency: Currency,
    /// Who earns.
    pub affiliate: Option<AffiliateId>,
    /// Who earns, by a code; counts when no affiliate is named.
    pub referral_code: Option<String>,
    /// Whose it is, by number.
    pub referral: Option<CustomerId>,
    /// Whose it is.
    pub who: CustomerIds,
    /// The caller's own name of the payment.
    pub reference: Option<String>,
    /// Its payment key when it has no reference; by the conversion's number when there is none either.
    pub fallback: Option<Key>,
    /// The coupon that was used.
    pub coupon_code: Option<String>,
    /// It has been paid out already.
    pub paid: bool,
    /// The caller's link.
    pub url: Option<String>,
    /// When it happened; when it is accepted, if that is not said.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Post {
    /// What has to be looked up.
    pub(super) fn named(&self) -> Named {
        let code = self.referral_code.as_deref().filter(|_| self.affiliate.is_none());
        Named { affiliate: self.affiliate, code: code.and_then(FoldedCode::new), customer: self.referral }
    }

    /// The conversion, with what was looked up.
    pub(super) fn resolve(&self, prepared: &Prepared, now: DateTime<Utc>) -> Result<PostedConversion, Error> {
        let payment = match (&self.reference, &self.fallback) {
            (Some(reference), _) => Key::reference(reference),
            (None, Some(key)) => key.clone(),
            (None, None) => Key::conversion(prepared.id),
        };
        Ok(PostedConversion {
            conversion: prepared.id,
            payment,
            kind: self.kind,
            value: self.value,
            base: self.base,
            currency: self.currency.to_string(),
            affiliate: self.affiliate(prepared)?,
            referral_code: self.referral_code.clone().filter(|_| self.affiliate.is_none()),
            coupon_code: self.coupon_code.clone(),
            who: self.who(prepared)?,
            occurred_at: self.occurred_at.unwrap_or_else(|| now.trunc_subsecs(6)),
            paid: self.paid,
            deleted: false,
        })
    }

    fn affiliate(&self, prepared: &Prepared) -> Result<Option<AffiliateId>, Error> {
        let (found, unknown) = match (self.affiliate, &self.referral_code) {
            (Some(id), _) => {
                (prepared.affiliate_by_id, Error::unknown("affiliate_id", format!("Unknown affiliate: {id}")))
            }
            (None, Some(code)) => (
                prepared.affiliate_by_code,
                Error::unknown("referral_code", format!("Unknown referral code: {code}")),
            ),
            (None, None) => return Ok(None),
        };
        found.ok_or(unknown).map(Some)
    }

    fn who(&self, prepared: &Prepared) -> Result<CustomerIds, Error> {
        let who = self.who.clone();
        let Some(id) = self.referral else { return Ok(who) };
        let unknown = || Error::unknown("referred_user_id", format!("Unknown referral: {id}"));
        let known = prepared.customer.clone().ok_or_else(unknown)?;
        Ok(CustomerIds {
            email: who.email.or(known.email),
            stripe_customer: who.stripe_customer.or(known.stripe_customer),
            external_id: who.external_id.or(known.external_id),
        })
    }
}
