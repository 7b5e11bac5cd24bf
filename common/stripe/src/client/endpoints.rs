//! Webhook endpoints at Stripe (<https://docs.stripe.com/api/webhook_endpoints>).

use super::write::parse;
use super::{FetchError, StripeClient, checked_id};
use serde::{Deserialize, Serialize};
use stripe_client_core::{RequestBuilder, StripeMethod};

const PATH: &str = "/webhook_endpoints";

/// The types that are read, for an endpoint of snapshot events.
pub const EVENT_TYPES: [&str; 44] = [
    "charge.captured",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "coupon.created",
    "coupon.deleted",
    "coupon.updated",
    "credit_note.created",
    "credit_note.updated",
    "credit_note.voided",
    "customer.created",
    "customer.deleted",
    "customer.discount.created",
    "customer.discount.updated",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.updated",
    "invoice.voided",
    "invoice_payment.paid",
    "payment_intent.succeeded",
    "promotion_code.created",
    "promotion_code.updated",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
];

/// An endpoint as Stripe has it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct EndpointAtStripe {
    /// `we_…`
    pub id: String,
    /// Where it sends to.
    pub url: String,
    /// `enabled` or `disabled`.
    #[serde(default)]
    pub status: String,
    /// What it sends; `*` for everything.
    #[serde(default)]
    pub enabled_events: Vec<String>,
    /// In which API version; that of the account when there is none.
    #[serde(default)]
    pub api_version: Option<String>,
    /// What it signs with: only in the answer to its making.
    #[serde(default)]
    pub secret: Option<String>,
}

impl EndpointAtStripe {
    /// The types that are read and that it does not send.
    #[must_use]
    pub fn lacks(&self) -> Vec<&'static str> {
        let sends = |wanted: &str| self.enabled_events.iter().any(|one| one == "*" || one == wanted);
        EVENT_TYPES.into_iter().filter(|wanted| !sends(wanted)).collect()
    }

    /// Whether it sends anything.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.status != "disabled"
    }
}

/// Without its secret.
impl std::fmt::Debug for EndpointAtStripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointAtStripe")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct New<'a> {
    url: &'a str,
    api_version: &'static str,
    description: &'static str,
    enabled_events: &'a [&'a str],
}

#[derive(Serialize)]
struct Change<'a> {
    disabled: bool,
    enabled_events: &'a [String],
}

impl StripeClient {
    /// The account's endpoints, of which there are sixteen at most.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn endpoints(&self) -> Result<Vec<EndpointAtStripe>, FetchError> {
        #[derive(Deserialize)]
        struct Listed {
            data: Vec<EndpointAtStripe>,
        }
        let request = || {
            let mut request = RequestBuilder::new(StripeMethod::Get, PATH);
            request.query = Some("limit=100".to_owned());
            request
        };
        let listed: Listed = parse(&self.get(request, None).await?)?;
        Ok(listed.data)
    }

    /// Makes an endpoint that sends what is read, in the version that this program's client speaks. Asked for again within a day, it
    /// is the same one, with its secret; in place of one that is gone it is another.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn create_endpoint(
        &self,
        url: &str,
        gone: Option<&str>,
    ) -> Result<EndpointAtStripe, FetchError> {
        let api_version = stripe_shared::version::VERSION.as_str();
        let new = New { url, api_version, description: "Tributary", enabled_events: &EVENT_TYPES };
        parse(&self.post(PATH, &new, &format!("{url} {}", gone.unwrap_or_default())).await?)
    }

    /// Has an endpoint send these types and nothing else, and enables it.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn update_endpoint(&self, id: &str, events: &[String]) -> Result<EndpointAtStripe, FetchError> {
        let path = format!("{PATH}/{}", checked_id(id)?);
        parse(&self.post_again(&path, &Change { disabled: false, enabled_events: events }).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Treatment, treatment};

    #[test]
    fn an_endpoint_sends_what_is_read_and_nothing_else() {
        for name in EVENT_TYPES {
            assert!(matches!(treatment(name), Treatment::Read(_)), "{name}");
        }
        assert!(EVENT_TYPES.is_sorted());
    }

    #[test]
    fn an_endpoint_sends_all_that_the_page_tells_people_to_send() {
        let page = include_str!("../../../../docs/STRIPE.md");
        let (_, table) = page.split_once("### Event types").unwrap();
        let (table, _) = table.split_once("Do not ask for").unwrap();
        let named: Vec<&str> = table.split('`').skip(1).step_by(2).collect();
        assert!(named.len() > 25, "{named:?}");
        for name in named {
            assert!(EVENT_TYPES.contains(&name), "{name}");
        }
    }

    #[test]
    fn an_endpoint_of_everything_lacks_nothing() {
        let endpoint = |events: &[&str]| EndpointAtStripe {
            id: "we_1".to_owned(),
            url: String::new(),
            status: String::new(),
            enabled_events: events.iter().map(|&name| name.to_owned()).collect(),
            api_version: None,
            secret: Some("whsec_1".to_owned()),
        };
        assert_eq!(endpoint(&["*"]).lacks(), [""; 0]);
        assert_eq!(endpoint(EVENT_TYPES.get(1..).unwrap_or_default()).lacks(), [EVENT_TYPES[0]]);
        assert!(!format!("{:?}", endpoint(&[])).contains("whsec"), "a secret is not for logs");
    }
}
