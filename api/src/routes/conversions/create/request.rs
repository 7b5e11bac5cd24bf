//! What a caller posts, in either vocabulary.

use crate::error::ApiError;
use crate::input::{Fields, MAX_TEXT, MAX_URL, Warnings};
use crate::openapi::values::{
    Amount, ConversionTypeWord, CurrencyCode, Email, PastTime, StripeCustomerId, Text, Url,
};
use app::conversions::Post;
use chrono::{DateTime, Utc};
use domain::fact::{ConversionKind, CustomerIds};
use domain::ids::{AffiliateId, CustomerId};
use domain::key::{Key, KeyKind};
use domain::money::Currency;
use utoipa::ToSchema;

/// A signup or a purchase.
///
/// Whom it belongs to is told by any of `email`, `stripe_customer_id`, `external_id` and `referred_user_id`; who
/// earns, by `affiliate_id` or `referral_code`, or by what is known of the customer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; read reads it")]
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

/// Reads the fields. `fallback` is the payment key when there is no reference.
pub(super) fn read(
    mut fields: Fields,
    fallback: Option<Key>,
    now: DateTime<Utc>,
) -> Result<(Post, Warnings), ApiError> {
    let currency = fields.named(&["base_value_currency", "currency"]);
    let currency = currency.and_then(|name| fields.currency(name)).unwrap_or(Currency::USD);
    let base = fields.named(&["base_value", "amount"]).and_then(|name| fields.amount(name, currency));
    let value = fields.amount("value", currency);
    let email = fields.named(&["email", "customer_email"]).and_then(|name| fields.email(name));
    let has_amount = fields.named(&["base_value", "amount", "value"]).is_some();
    let by_amount = if has_amount { ConversionKind::Purchase } else { ConversionKind::Signup };
    let kinds = ConversionKind::ALL.map(|kind| (kind.as_str(), kind));
    let stripe_customer = fields.text("stripe_customer_id", MAX_TEXT);
    let who = CustomerIds {
        email,
        stripe_customer: stripe_customer.as_deref().map(Key::written_customer),
        external_id: fields.text("external_id", MAX_TEXT),
    };
    let reference = fields.text("reference", MAX_TEXT);
    let post = Post {
        kind: fields.one_of("type", &kinds).unwrap_or(by_amount),
        value: value.map(|money| money.minor),
        base: base.map(|money| money.minor),
        currency,
        affiliate: fields.id("affiliate_id").map(AffiliateId),
        referral_code: fields.text("referral_code", MAX_TEXT),
        referral: fields.id("referred_user_id").map(CustomerId),
        who,
        fallback: fallback.filter(|_| reference.is_none()),
        reference,
        coupon_code: fields.text("coupon_code_used", MAX_TEXT),
        paid: fields.boolean("paid").unwrap_or(false),
        url: fields.text("url", MAX_URL),
        occurred_at: fields.past("occurred_at", now),
    };
    must_name_something(&post, &mut fields, has_amount);
    Ok((post, fields.finish()?))
}

/// A conversion of nobody and nothing is a mistake, mostly of spelling: kept as an anonymous
/// signup of 0.00 it would never be found.
fn must_name_something(post: &Post, fields: &mut Fields, has_amount: bool) {
    // Of Stripe's own payment Stripe tells the rest.
    let is_stripes = |reference| Key::reference(reference).kind() != KeyKind::External;
    let at_stripe = post.reference.as_deref().is_some_and(is_stripes);
    match post.kind {
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
