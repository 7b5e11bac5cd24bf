//! `PUT /api/v1/conversions/{id}`

use super::Conversion;
use super::revise::revise;
use crate::answer::Data;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, Id, MAX_TEXT, Warnings};
use crate::openapi::values::{Amount, ConversionTypeWord, CurrencyCode, Text};
use crate::openapi::{Changing, Idempotent, Patience};
use crate::state::AppState;
use app::conversions::Change;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fact::{ConversionChange, ConversionKind, NamedValue};
use domain::ids::ConversionId;
use domain::key::Key;
use domain::money::{Currency, Money};
use store::conversions::Revision;
use utoipa::ToSchema;

/// What may change. What is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; `read` reads it")]
pub(crate) struct PutConversion {
    /// The commission; `null` gives it back to the programme's rules.
    value: Option<Amount>,
    /// The sale, before tax.
    base_value: Option<Amount>,
    base_value_currency: Option<CurrencyCode>,
    /// `signup` or `purchase`.
    r#type: Option<ConversionTypeWord>,
    paid: Option<bool>,
    reference: Option<Text>,
    coupon_code_used: Option<Text>,
}

/// Change a conversion
///
/// The ledger keeps what was: the difference is posted. Moving it to another affiliate is refused.
#[utoipa::path(
    put,
    path = "/conversions/{id}",
    operation_id = "update_conversion",
    tag = "Conversions",
    request_body = PutConversion,
    params(
        ("id" = i64, Path, minimum = 1),
        Patience,
        Idempotent,
    ),
    responses(
        Changing,
        (status = 200, description = "Settled", body = Data<Conversion>),
        (status = 202, description = "Stored, not settled yet: the conversion as it was", body = Data<Conversion>),
    ),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id,
    fields: Fields,
) -> Result<Response, ApiError> {
    revise(&state, caller, &headers, ConversionId(id), |standing| read(fields.clone(), standing)).await
}

/// What the fields change of a conversion; those that are absent change nothing.
fn read(mut fields: Fields, standing: &Revision) -> Result<(Change, Warnings), ApiError> {
    let posted = &standing.posted;
    let told_in = Currency::stored(&standing.currency).map_err(ApiError::internal)?;
    let named = fields.currency("base_value_currency");
    let currency = named.unwrap_or(told_in);
    let written_in = Currency::stored(&posted.currency).map_err(ApiError::internal)?;
    let mut base = fields.amount("base_value", currency).map(|money| money.minor);
    let mut value = fields.amount("value", currency).map(|money| NamedValue::Minor(money.minor));
    if fields.is_null("value") {
        value = Some(NamedValue::ByTheRules);
    }
    if currency != told_in {
        // The amounts that are not sent keep their decimals: 49.99 stays 49.99.
        base = base.or_else(|| in_currency(&mut fields, "base_value", posted.base, written_in, currency));
        value = value.or_else(|| {
            in_currency(&mut fields, "value", posted.value, written_in, currency).map(NamedValue::Minor)
        });
    }
    let reference =
        fields.text("reference", MAX_TEXT).filter(|reference| standing.reference.as_ref() != Some(reference));
    let says_amount = base.is_some() || matches!(value, Some(NamedValue::Minor(_)));
    let says = ConversionChange {
        kind: fields.one_of("type", &ConversionKind::ALL.map(|kind| (kind.as_str(), kind))),
        currency: (says_amount || named.is_some()).then(|| currency.to_string()),
        base,
        value,
        coupon_code: fields.text("coupon_code_used", MAX_TEXT),
        paid: fields.boolean("paid"),
        reference: reference.as_deref().map(Key::reference),
        deleted: false,
    };
    let owner = standing.affiliate.or(posted.affiliate).map(|id| id.0);
    if fields.id("affiliate_id").is_some_and(|affiliate| owner != Some(affiliate)) {
        fields.problem("affiliate_id", "A conversion cannot be moved to another affiliate");
    }
    Ok((Change { says, reference }, fields.finish()?))
}

fn in_currency(
    fields: &mut Fields,
    name: &str,
    minor: Option<i64>,
    from: Currency,
    to: Currency,
) -> Option<i64> {
    if fields.value(name).is_some() {
        return None;
    }
    let decimal = Money { minor: minor?, currency: from }.to_decimal();
    match Money::parse(&decimal, to) {
        Ok(money) => Some(money.minor),
        Err(error) => {
            fields.problem(name, format!("{name}: {error}"));
            None
        }
    }
}
