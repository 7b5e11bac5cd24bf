//! The OpenAPI document: what the code cannot say of itself. The paths come from the routes.

mod parameters;
mod refusals;
pub(crate) mod values;

pub(crate) use parameters::{Idempotent, Paging, Patience};
pub(crate) use refusals::{
    Changing, Creating, Deleting, Following, Listing, Reading, ReadingProject, Webhooks,
};

use crate::error::ErrorBody;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// The document as it is served.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    crate::routes::open_api()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tributary",
        description = "Referral attribution: affiliates, referrals, coupons, conversions, and Stripe's webhooks in. \
                       Wire-compatible with the public Refgrow API where that is known.",
        license(name = "Apache-2.0 OR MIT"),
    ),
    paths(crate::webhook::receive, crate::routes::links::follow),
    components(schemas(ErrorBody<'static>, values::DayOrTime, values::IntervalWord)),
    modifiers(&ApiKey, &Refusals),
    security(("api_key" = [])),
)]
pub(crate) struct Base;

struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("rgk_…")
            .description(Some("A key opens one project in one mode"))
            .build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        refusals::describe(document);
    }
}
