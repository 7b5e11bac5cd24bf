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
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fact::ConversionKind;
use domain::ids::ConversionId;
use domain::money::{Currency, Money};
use store::conversions::Revision;
use utoipa::ToSchema;

/// What may change. What is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; apply reads it")]
pub(crate) struct PutConversion {
    /// The commission.
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
    revise(&state, caller, &headers, ConversionId(id), |revision| apply(fields.clone(), revision)).await
}

const KINDS: [(&str, ConversionKind); 2] =
    [("signup", ConversionKind::Signup), ("purchase", ConversionKind::Purchase)];

fn apply(mut fields: Fields, revision: &mut Revision) -> Result<Warnings, ApiError> {
    let posted = &mut revision.posted;
    let standing = Currency::stored(&posted.currency).map_err(ApiError::internal)?;
    let currency = fields.currency("base_value_currency").unwrap_or(standing);
    let base = fields.amount("base_value", currency).map(|money| money.minor);
    let value = fields.amount("value", currency).map(|money| money.minor);
    if currency != standing {
        // The amounts that are not sent keep their decimals: 49.99 stays 49.99.
        posted.base = in_currency(&mut fields, "base_value", posted.base, standing, currency);
        posted.value = in_currency(&mut fields, "value", posted.value, standing, currency);
        posted.currency = currency.to_string();
    }
    posted.base = base.or(posted.base);
    posted.value = value.or(posted.value);
    posted.kind = fields.one_of("type", &KINDS).unwrap_or(posted.kind);
    posted.paid = fields.boolean("paid").unwrap_or(posted.paid);
    posted.coupon_code = fields.text("coupon_code_used", MAX_TEXT).or(posted.coupon_code.take());
    revision.reference = fields.text("reference", MAX_TEXT).or(revision.reference.take());
    let owner = revision.affiliate.or(posted.affiliate).map(|id| id.0);
    if fields.id("affiliate_id").is_some_and(|affiliate| owner != Some(affiliate)) {
        fields.problem("affiliate_id", "A conversion cannot be moved to another affiliate");
    }
    fields.finish()
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
