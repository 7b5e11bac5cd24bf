//! How values are written: the schemas that several routes share. They say what `input` takes.

use app::doctor::Health;
use app::payouts::Format;
use domain::fact::ConversionKind;
use domain::notification::Event;
use domain::origin::Origin;
use domain::payout::CarryReason;
use domain::settle::{ConversionStatus, CustomerStatus, Method, RuleKind};
use queue::envelope::Source;
use serde::Serialize;
use std::borrow::Cow;
use store::affiliates::AffiliateStatus;
use store::api_keys::{ErrorForm, KeyRole};
use store::coupons::CouponStatus;
use store::deliveries::DeliveryStatus;
use store::payouts;
use store::statistics::Interval;
use store::webhook_endpoints::{ALL_EVENTS, EndpointStatus};
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What `status` of a list is for affiliates that were deleted.
pub(crate) const CLOSED: &str = "closed";

/// No control characters.
const PLAIN: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";

/// A schema with a name of its own. The type is only its handle.
macro_rules! schema {
    ($name:ident, $built:expr) => {
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $built.into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

schema!(AffiliateStatusWord, words(&AffiliateStatus::ALL.map(AffiliateStatus::as_str)));
schema!(ListedAffiliateStatus, {
    let [active, inactive] = AffiliateStatus::ALL.map(AffiliateStatus::as_str);
    words(&[active, inactive, CLOSED])
});
schema!(CouponStatusWord, words(&CouponStatus::ALL.map(CouponStatus::as_str)));
schema!(ReferralStatusWord, words(&CustomerStatus::ALL.map(CustomerStatus::as_str)));
schema!(ConversionStatusWord, words(&ConversionStatus::ALL.map(ConversionStatus::as_str)));
schema!(ConversionTypeWord, words(&ConversionKind::ALL.map(ConversionKind::as_str)));
schema!(ConversionSourceWord, words(&Origin::ALL.map(Origin::as_str)));
schema!(AttributionMethod, words_of(&Method::ALL).description(Some("How an affiliate was named")));
schema!(RuleKindWord, words_of(&RuleKind::ALL).description(Some("Where a commission is agreed")));
schema!(PayoutStatusWord, words(&payouts::STATUSES));
schema!(
    CarriedOverWord,
    words_of(&[CarryReason::Negative, CarryReason::BelowMinimum, CarryReason::Fraction])
);
schema!(PayoutFileWord, words(&Format::ALL.map(Format::as_str)));
schema!(
    EventSourceWord,
    words(&Source::ALL.map(Source::as_str)).description(Some("Where a message came from"))
);
schema!(OutcomeWord, words(&["settled", "ignored"]).description(Some("Whether it had an effect")));
schema!(DecisionKindWord, words(&["lock", "verdict"]));
schema!(HealthWord, words_of(&[Health::Ok, Health::Warning, Health::Failure]));
schema!(KeyRoleWord, words(&KeyRole::ALL.map(KeyRole::as_str)).description(Some("What a key may do")));
schema!(ErrorFormWord, words(&ErrorForm::ALL.map(ErrorForm::as_str)));
schema!(
    CsvText,
    ObjectBuilder::new().schema_type(Type::String).description(Some(
        "All rows under a header, after RFC 4180; texts that a spreadsheet would run have an apostrophe"
    ))
);
schema!(IntervalWord, words(&Interval::ALL.map(Interval::as_str)));
schema!(EndpointStatusWord, words(&EndpointStatus::ALL.map(EndpointStatus::as_str)));
schema!(
    SettableEndpointStatus,
    words(&[EndpointStatus::Active, EndpointStatus::Paused].map(EndpointStatus::as_str))
);
schema!(DeliveryStatusWord, words(&DeliveryStatus::ALL.map(DeliveryStatus::as_str)));
schema!(SingleEventWord, words(&event_words()).description(Some("What happened")));
schema!(EventWord, {
    let all = [&[ALL_EVENTS][..], &event_words()].concat();
    words(&all).description(Some("What is notified of; `*` is everything, also what is to come"))
});
schema!(
    WebhookUrl,
    string(2048)
        .pattern(Some(r"^https?://[^\s\x00-\x1f\x7f-\x9f]+$"))
        .description(Some(
            "HTTPS, port 443, 80, 8080 or 8443, on a public address, unless the operator allows others"
        ))
        .examples(["https://example.com/hooks"])
);
schema!(
    SigningSecret,
    string(255)
        .pattern(Some("^[!-~]+$"))
        .description(Some(
            "`whsec_` and base64, as Standard Webhooks has it, or any other visible ASCII characters"
        ))
        .examples(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
);
schema!(
    Delta,
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .description(Some("An exact decimal, negative when less is payable than before"))
        .examples([serde_json::json!(-9.8)])
);
schema!(
    Email,
    string(320)
        .pattern(Some(r"^[^\s@\x00-\x1f\x7f-\x9f]+@[^\s@\x00-\x1f\x7f-\x9f]+$"))
        .examples(["ann@example.com"])
);
schema!(
    ReferralCode,
    string(64)
        .pattern(Some("^[A-Za-z0-9_-]{3,64}$"))
        .description(Some("Unique in the project without regard to case"))
        .examples(["PARTNER1"])
);
schema!(
    CouponCode,
    string(255)
        .pattern(Some("^[A-Za-z0-9_-]{3,255}$"))
        .description(Some("Unique in the project without regard to case"))
        .examples(["SAVE10"])
);
schema!(
    CommissionText,
    string(40)
        .pattern(Some(r"^([0-9]{1,2}(\.[0-9]{1,2})?%|100%|[0-9]{1,10}(\.[0-9]{1,3})?[A-Za-z]{3})$"))
        .description(Some("A share such as `20%`, or an amount such as `15.00usd`"))
        .examples(["20%"])
);
schema!(
    StripeCustomerId,
    string(255)
        .schema_type(types([Type::String, Type::Number]))
        .pattern(Some(PLAIN))
        .description(Some(
            "Whatever Stripe calls the customer: `cus_…`, an account, or an id of your own; behind `acct_…/` where it \
             is a connected account's",
        ))
        .examples(["cus_NffrFeUfNV2Hib"])
);
schema!(
    Text,
    string(255)
        .schema_type(types([Type::String, Type::Number]))
        .pattern(Some(PLAIN))
        .description(Some("A number is taken as its digits"))
);
schema!(
    Reason,
    string(1_000)
        .schema_type(types([Type::String, Type::Number]))
        .pattern(Some(PLAIN))
        .description(Some("In your own words"))
        .examples(["agreed by mail on 3 May"])
);
schema!(Url, string(2048).schema_type(types([Type::String, Type::Number])).pattern(Some(PLAIN)));
schema!(
    CurrencyCode,
    string(3).pattern(Some("^[A-Za-z]{3}$")).description(Some("ISO 4217, in any case")).examples(["usd"])
);
schema!(
    Amount,
    ObjectBuilder::new()
        .schema_type(types([Type::Number, Type::String]))
        .minimum(Some(0))
        .pattern(Some(r"^[0-9]+(\.[0-9]+)?$"))
        .description(Some(
            "An exact decimal with no more decimals than the currency has; the same in quotes is taken too"
        ))
        .examples([serde_json::json!(49.99)])
);
schema!(
    AmountText,
    string(40)
        .pattern(Some(r"^([0-9]+(\.[0-9]+)?)?$"))
        .description(Some("An exact decimal with no more decimals than the currency has; blank is absent"))
        .examples(["10.00"])
);
schema!(
    DayText,
    string(10).format(Some(known(KnownFormat::Date))).description(Some("A date")).examples(["2026-06-30"])
);
schema!(
    Notes,
    ObjectBuilder::new()
        .schema_type(types([Type::Object, Type::String]))
        .description(Some("Your own: an object or a text, kept as it is, 8 KiB at most"))
);
schema!(
    PastTime,
    string(64)
        .format(Some(known(KnownFormat::DateTime)))
        .description(Some("ISO 8601 with an offset, in the past"))
        .examples(["2026-01-31T12:00:00Z"])
);
schema!(
    DayOrTimeText,
    string(64)
        .description(Some("A date, which is its whole UTC day, or a time: ISO 8601 with an offset"))
        .examples(["2026-01-31"])
);
schema!(
    Time,
    string(64)
        .format(Some(known(KnownFormat::DateTime)))
        .description(Some("ISO 8601 with an offset"))
        .examples(["2026-01-31T12:00:00Z"])
);
schema!(
    DayOrTime,
    AnyOfBuilder::new()
        .item(string(10).format(Some(known(KnownFormat::Date))))
        .item(string(64).format(Some(known(KnownFormat::DateTime))))
        .item(string(0))
        .description(Some("A date, which is its whole UTC day, or a time; blank is absent"))
        .examples(["2026-01-31"])
);

schema!(
    RulesText,
    object(&[
        ("commission", CommissionText::schema()),
        ("first_commission", CommissionText::schema()),
        ("recurring", string(40).description(Some("`all`, `first`, `N-months` or `N-payments`")).into()),
        ("max_payments", whole()),
        ("max_months", whole()),
        ("max_commission", string(40).examples(["100.00usd"]).into()),
        ("hold_days", whole()),
        ("window_days", whole()),
        ("back_bind_days", whole()),
        ("self_referral", string(40).into()),
        ("coupon_first", ObjectBuilder::new().schema_type(Type::Boolean).into()),
        (
            "codes",
            ObjectBuilder::new()
                .schema_type(Type::Object)
                .additional_properties(Some(CommissionText::schema()))
                .into()
        ),
        ("products", several()),
        ("groups", several()),
        ("tiers", several()),
    ])
    .required("commission")
    .description(Some("Rules in writing, as in a rules file: docs/RULES.md tells each of them"))
    .examples([serde_json::json!({"commission": "20%", "recurring": "12-months", "hold_days": 30})])
);

fn object(properties: &[(&str, RefOr<Schema>)]) -> ObjectBuilder {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    properties.iter().fold(object, |object, (name, schema)| object.property(*name, schema.clone()))
}

fn whole() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX)).into()
}

/// Entries that have a name and a commission.
fn several() -> RefOr<Schema> {
    let entry = ObjectBuilder::new().schema_type(Type::Object);
    ArrayBuilder::new().items(entry).into()
}

fn string(longest: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(longest))
}

fn words(words: &[&'static str]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied()))
}

fn event_words() -> Vec<&'static str> {
    Event::ALL.iter().map(|event| event.as_str()).collect()
}

/// The words that values are written as.
fn words_of<T: Serialize>(values: &[T]) -> ObjectBuilder {
    let words = values.iter().filter_map(|value| serde_json::to_value(value).ok());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

fn types<const N: usize>(types: [Type; N]) -> SchemaType {
    SchemaType::from_iter(types)
}

fn known(format: KnownFormat) -> SchemaFormat {
    SchemaFormat::KnownFormat(format)
}
