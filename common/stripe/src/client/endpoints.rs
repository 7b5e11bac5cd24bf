//! Webhook endpoints at Stripe (<https://docs.stripe.com/api/webhook_endpoints>): the only thing that is written there.

use super::{FetchError, StripeClient, checked_id};
use crate::json::well_formed;
use async_stripe::{IdempotencyKey, RequestStrategy};
use miniserde::json::Value as Json;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stripe_client_core::{RequestBuilder, StripeMethod};

const PATH: &str = "/webhook_endpoints";

/// The types that are read, for an endpoint of snapshot events.
pub const EVENT_TYPES: [&str; 38] = [
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
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "refund.created",
    "refund.failed",
];

/// An endpoint as Stripe has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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
}

#[derive(Serialize)]
struct Wanted<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
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
    /// is the same one, with its secret.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn create_endpoint(&self, url: &str) -> Result<EndpointAtStripe, FetchError> {
        let events = EVENT_TYPES.map(str::to_owned);
        let wanted = Wanted {
            url: Some(url),
            api_version: Some(stripe_shared::version::VERSION.as_str()),
            description: Some("Tributary"),
            disabled: None,
            enabled_events: &events,
        };
        self.post(PATH, &wanted, url).await
    }

    /// Has an endpoint send these types and nothing else, and enables it.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn update_endpoint(&self, id: &str, events: &[String]) -> Result<EndpointAtStripe, FetchError> {
        let path = format!("{PATH}/{}", checked_id(id)?);
        let wanted = Wanted {
            url: None,
            api_version: None,
            description: None,
            disabled: Some(false),
            enabled_events: events,
        };
        self.post(&path, &wanted, &events.join(",")).await
    }

    async fn post(&self, path: &str, body: &Wanted<'_>, what: &str) -> Result<EndpointAtStripe, FetchError> {
        // The same wish within a day is the same request at Stripe.
        let key = hex::encode(Sha256::digest(format!("tributary {path} {what}").as_bytes()));
        let key = IdempotencyKey::new(key).map_err(|error| FetchError::Settings(error.to_string()))?;
        let request = RequestBuilder::new(StripeMethod::Post, path).form(body).customize::<Json>();
        let call = request.request_strategy(RequestStrategy::Idempotent(key)).send(&self.client);
        let answer = tokio::time::timeout(self.timeout, call).await;
        let answer = answer.map_err(|_elapsed| FetchError::Timeout(self.timeout))?;
        parse(&miniserde::json::to_string(&answer.map_err(|error| self.understand(error))?))
    }
}

fn parse<T: for<'de> Deserialize<'de>>(answer: &str) -> Result<T, FetchError> {
    serde_json::from_slice(&well_formed(answer.as_bytes()))
        .map_err(|_| FetchError::Unavailable("the answer is not one of Stripe's".to_owned()))
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
    fn an_endpoint_of_everything_lacks_nothing() {
        let endpoint = |events: &[&str]| EndpointAtStripe {
            id: "we_1".to_owned(),
            url: String::new(),
            status: String::new(),
            enabled_events: events.iter().map(|&name| name.to_owned()).collect(),
            secret: None,
        };
        assert_eq!(endpoint(&["*"]).lacks(), [""; 0]);
        assert_eq!(endpoint(&EVENT_TYPES[1..]).lacks(), [EVENT_TYPES[0]]);
    }
}
