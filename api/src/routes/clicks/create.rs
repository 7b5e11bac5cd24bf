//! `POST /api/v1/clicks`

use crate::answer::{Data, json, timestamp};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::{Fields, MAX_TEXT, MAX_URL};
use crate::openapi::values::{PastTime, Text, Url};
use crate::openapi::{Creating, Idempotent};
use crate::state::AppState;
use app::clicks;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use serde::Serialize;
use store::clicks::{NewClick, Recorded};
use utoipa::ToSchema;

/// A visit by an affiliate's link.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request; create reads it")]
pub(crate) struct PostClick {
    /// The code in the link.
    referral_code: Text,
    /// Your own id of the click; one is made when it is absent.
    click_id: Option<Text>,
    /// The page that was visited.
    url: Option<Url>,
    /// When it happened; now when it is absent.
    occurred_at: Option<PastTime>,
}

/// A recorded click.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the name that clients see")]
pub(crate) struct Click {
    /// Give it to Stripe as `client_reference_id`: the purchase is then the affiliate's, within the window.
    #[schema(example = "clk_9f86d081884c7d65")]
    click_id: String,
    affiliate_id: i64,
    referral_code: String,
    url: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Record a click
///
/// The same `click_id` again is the same click.
#[utoipa::path(
    post,
    path = "/clicks",
    operation_id = "create_click",
    tag = "Clicks",
    request_body = PostClick,
    params(Idempotent),
    responses(
        Creating,
        (status = 201, description = "As it was entered", body = Data<Click>),
        (status = 200, description = "It was there already", body = Data<Click>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let now = state.clock.now();
    let code = fields.text("referral_code", MAX_TEXT);
    let code = fields.required("referral_code", code);
    let click_id = fields.text("click_id", MAX_TEXT);
    let url = fields.text("url", MAX_URL);
    let occurred_at: DateTime<Utc> = fields.past("occurred_at", now).unwrap_or(now);
    let warnings = fields.finish()?;
    let folded = code.as_deref().and_then(FoldedCode::new);
    let unknown = || {
        let code = code.as_deref().unwrap_or_default();
        ApiError::unknown("referral_code", format!("Unknown referral code: {code}"))
    };
    let new = NewClick {
        code: folded.as_ref().ok_or_else(unknown)?,
        click_id: click_id.as_deref(),
        url: url.as_deref(),
        occurred_at,
    };
    let mut transaction = state.pool.begin().await?;
    let recorded = clicks::record(&mut transaction, state.outbox(), caller.realm, &new).await?;
    let (status, click) = match recorded {
        Recorded::New(click) => (StatusCode::CREATED, click),
        Recorded::Known(click) => (StatusCode::OK, click),
        Recorded::UnknownCode => return Err(unknown()),
    };
    transaction.commit().await?;
    let click = Click {
        // As the caller writes it; it is compared without regard to case.
        click_id: click_id.unwrap_or(click.click_id),
        affiliate_id: click.affiliate.0,
        referral_code: click.code,
        url: click.url,
        created_at: timestamp(click.occurred_at),
    };
    Ok(json(status, &Data::warned(click, warnings)))
}
