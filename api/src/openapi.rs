//! The OpenAPI document: what the code cannot say of itself. The paths come from the routes.

mod document;
mod parameters;
mod refusals;
pub(crate) mod values;

pub use document::Document;
pub(crate) use parameters::{Idempotent, Paging, Patience};
pub(crate) use refusals::{
    Changing, Creating, Deleting, Following, Listing, Looking, Reading, ReadingProject, Webhooks,
};

use crate::error::ErrorBody;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tributary",
        description = "Referral attribution: affiliates, referrals, coupons, conversions, Stripe's webhooks in and \
                       notifications out. \
                       Wire-compatible with the public Refgrow API where that is known.",
        contact(name = "Whoever runs this service"),
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    servers((url = "http://127.0.0.1:8080", description = "Where `tributary up` listens; yours is elsewhere")),
    tags(
        (name = "Affiliates", description = "Those who refer customers and earn commission"),
        (name = "Referrals", description = "The users who were referred"),
        (name = "Conversions", description = "Signups and purchases, what they earn, and why"),
        (name = "Coupons", description = "Coupons that belong to an affiliate"),
        (name = "Clicks", description = "Visits by affiliates' links"),
        (name = "Payouts", description = "What is paid to affiliates, and their accounts"),
        (name = "Decisions", description = "What people decide of a commission or a customer, with who and why"),
        (name = "Program", description = "The rules, and rules tried on history"),
        (name = "Events in", description = "What came from providers and callers, and what became of it"),
        (name = "Dead letters", description = "What no worker could settle"),
        (name = "Proof", description = "Whether the ledger is what it promises to be"),
        (name = "Operation", description = "What waits, who works on it, and what is wrong"),
        (name = "Keys", description = "API keys and what they may do"),
        (name = "Statistics", description = "What was brought over time"),
        (name = "Notifications", description = "What happened, sent to your endpoints or pulled from the feed"),
        (name = "Explanations", description = "Why a payment earned what it did"),
        (name = "Webhooks", description = "What Stripe posts"),
    ),
    components(schemas(ErrorBody<'static>, values::AmountText, values::DayOrTime, values::DayText, values::IntervalWord, values::ListedAffiliateStatus, values::PayoutFileWord)),
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
