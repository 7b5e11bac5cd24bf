//! What a caller posts, in either vocabulary.

use super::key_of_idempotency;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::idempotency::IdempotencyKey;
use crate::input::{Fields, MAX_TEXT, MAX_URL, Warnings};
use crate::openapi::values::{
    Amount, ConversionTypeWord, CurrencyCode, Email, PastTime, StripeCustomerId, Text, Url,
};
use chrono::{DateTime, SubsecRound, Utc};
use domain::code::FoldedCode;
use domain::command::Command;
use domain::fact::{ConversionKind, PostedConversion, Who};
use domain::ids::{AffiliateId, CustomerId};
use domain::key::Key;
use domain::money::Currency;
use store::conversions::{Named, NewConversion, Prepared};
use utoipa::ToSchema;

/// A signup or a purchase.
///
/// Whom it belongs to is told by any of `email`, `stripe_customer_id`, `external_id` and `referred_user_id`; who
/// earns, by `affiliate_id` or `referral_code`, or by what is known of the customer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; Posted reads it")]
pub(crate) struct PostConversion {
    /// `signup` or `purchase`; a purchase when there is an amount.
    r#type: Option<ConversionTypeWord>,
    /// The commission; by the project's rules when absent.
    value: Option<Amount>,
    /// The sale, before tax. Also called `amount`.
    base_value: Option<Amount>,
    /// ISO 4217; usd when absent. Also called `currency`.
    base_value_currency: Option<CurrencyCode>,
    #[schema(minimum = 1)]
    affiliate_id: Option<i64>,
    /// Counts when there is no `affiliate_id`.
    referral_code: Option<Text>,
    #[schema(minimum = 1)]
    referred_user_id: Option<i64>,
    /// Also called `customer_email`.
    email: Option<Email>,
    stripe_customer_id: Option<StripeCustomerId>,
    /// Your own id of the user.
    external_id: Option<Text>,
    /// Your own id of the sale: sent again, it is the same conversion.
    reference: Option<Text>,
    coupon_code_used: Option<Text>,
    /// It has been paid out already.
    paid: Option<bool>,
    url: Option<Url>,
    /// When it happened; now when absent.
    occurred_at: Option<PastTime>,
    /// Also called `base_value`.
    amount: Option<Amount>,
    /// Also called `base_value_currency`.
    currency: Option<CurrencyCode>,
    /// Also called `email`.
    customer_email: Option<Email>,
}

/// What was posted, each field read.
pub(super) struct Posted {
    pub(super) kind: ConversionKind,
    pub(super) value: Option<i64>,
    pub(super) base: Option<i64>,
    pub(super) currency: Currency,
    pub(super) affiliate: Option<AffiliateId>,
    pub(super) referral_code: Option<String>,
    pub(super) referral: Option<CustomerId>,
    pub(super) who: Who,
    pub(super) reference: Option<String>,
    /// The payment key when there is no reference but an `Idempotency-Key`.
    pub(super) fallback: Option<Key>,
    pub(super) coupon_code: Option<String>,
    pub(super) paid: bool,
    pub(super) url: Option<String>,
    pub(super) occurred_at: Option<DateTime<Utc>>,
    pub(super) now: DateTime<Utc>,
}

const KINDS: [(&str, ConversionKind); 2] =
    [("signup", ConversionKind::Signup), ("purchase", ConversionKind::Purchase)];

/// The fields of which one names the customer or who earns.
const WHOSE: [&str; 8] = [
    "email",
    "customer_email",
    "stripe_customer_id",
    "external_id",
    "referred_user_id",
    "affiliate_id",
    "referral_code",
    "coupon_code_used",
];

impl Posted {
    /// Reads the fields.
    pub(super) fn read(
        mut fields: Fields,
        caller: Caller,
        key: Option<IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<(Self, Warnings), ApiError> {
        let currency = fields.named(&["base_value_currency", "currency"]);
        let currency = currency.and_then(|name| fields.currency(name)).unwrap_or(Currency::USD);
        let base = fields.named(&["base_value", "amount"]).and_then(|name| fields.amount(name, currency));
        let value = fields.amount("value", currency);
        let email = fields.named(&["email", "customer_email"]).and_then(|name| fields.email(name));
        let has_amount = fields.named(&["base_value", "amount", "value"]).is_some();
        let by_amount = if has_amount { ConversionKind::Purchase } else { ConversionKind::Signup };
        let stripe_customer = fields.text("stripe_customer_id", MAX_TEXT);
        let who = Who {
            email,
            stripe_customer: stripe_customer.as_deref().map(Key::written_customer),
            external_id: fields.text("external_id", MAX_TEXT),
        };
        let reference = fields.text("reference", MAX_TEXT);
        let posted = Self {
            kind: fields.one_of("type", &KINDS).unwrap_or(by_amount),
            value: value.map(|money| money.minor),
            base: base.map(|money| money.minor),
            currency,
            affiliate: fields.id("affiliate_id").map(AffiliateId),
            referral_code: fields.text("referral_code", MAX_TEXT),
            referral: fields.id("referred_user_id").map(CustomerId),
            who,
            fallback: key.filter(|_| reference.is_none()).map(|key| key_of_idempotency(caller, &key)),
            reference,
            coupon_code: fields.text("coupon_code_used", MAX_TEXT),
            paid: fields.boolean("paid").unwrap_or(false),
            url: fields.text("url", MAX_URL),
            occurred_at: fields.past("occurred_at", now),
            now: now.trunc_subsecs(6),
        };
        posted.must_name_something(&mut fields, has_amount);
        Ok((posted, fields.finish()?))
    }

    /// A conversion of nobody and nothing is a mistake, mostly of spelling: kept as an anonymous
    /// signup of 0.00 it would never be found.
    fn must_name_something(&self, fields: &mut Fields, has_amount: bool) {
        // Of Stripe's own payment Stripe tells the rest.
        let at_stripe = self
            .reference
            .as_deref()
            .is_some_and(|reference| Key::reference(reference).as_str() == reference);
        match self.kind {
            ConversionKind::Purchase if !has_amount && !at_stripe => {
                fields.missing("base_value", "Missing required parameter: base_value, as a purchase has an amount");
            }
            ConversionKind::Signup if !at_stripe && !fields.holds_any(&WHOSE) => fields.missing(
                "email",
                "A conversion must name somebody: email, stripe_customer_id, external_id, referred_user_id, affiliate_id, \
                 referral_code or coupon_code_used",
            ),
            ConversionKind::Purchase | ConversionKind::Signup => {}
        }
    }

    /// What has to be looked up.
    pub(super) fn named(&self) -> Named {
        let code = self.referral_code.as_deref().filter(|_| self.affiliate.is_none());
        Named { affiliate: self.affiliate, code: code.and_then(FoldedCode::new), customer: self.referral }
    }

    /// The conversion, with what was looked up; fails when something named does not exist.
    pub(super) fn resolve(&self, prepared: &Prepared) -> Result<PostedConversion, ApiError> {
        let affiliate = match (self.affiliate, &self.referral_code) {
            (Some(id), _) => {
                let unknown = || ApiError::unknown("affiliate_id", format!("Unknown affiliate: {id}"));
                Some(prepared.affiliate_by_id.ok_or_else(unknown)?)
            }
            (None, Some(code)) => {
                let unknown = || ApiError::unknown("referral_code", format!("Unknown referral code: {code}"));
                Some(prepared.affiliate_by_code.ok_or_else(unknown)?)
            }
            (None, None) => None,
        };
        let mut who = self.who.clone();
        if let Some(id) = self.referral {
            let known = prepared
                .customer
                .as_ref()
                .ok_or_else(|| ApiError::unknown("referred_user_id", format!("Unknown referral: {id}")))?;
            who.email = who.email.or_else(|| known.email.clone());
            who.stripe_customer = who.stripe_customer.or_else(|| known.stripe_customer.clone());
            who.external_id = who.external_id.or_else(|| known.external_id.clone());
        }
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
            affiliate,
            referral_code: self.referral_code.clone().filter(|_| self.affiliate.is_none()),
            coupon_code: self.coupon_code.clone(),
            who,
            occurred_at: self.occurred_at.unwrap_or(self.now),
            paid: self.paid,
            deleted: false,
        })
    }

    /// The row to store.
    pub(super) fn row<'a>(&'a self, posted: &'a PostedConversion, command: &'a Command) -> NewConversion<'a> {
        NewConversion { posted, reference: self.reference.as_deref(), url: self.url.as_deref(), command }
    }
}
