//! Calls to Stripe's API that bring what a payload lacked.
//!
//! The generated requests are used, the generated answers are not: they require every field of one API
//! version, so an answer is kept as the JSON it is and read by [`fetched`](super::fetched).

mod endpoints;
mod lists;
mod pace;
mod pages;
mod promotion_codes;
mod write;

pub use endpoints::{EVENT_TYPES, EndpointAtStripe};
pub use lists::{Lists, Page, Span};
pub use promotion_codes::{CodeAtStripe, WantedCode};

use super::fetched::Fetched;
use super::missing::Missing;
use super::thin::ThinEvent;
use async_stripe::{ClientBuilder, StripeError, StripeRequest};
use backon::{ExponentialBuilder, Retryable};
use domain::key::Key;
use miniserde::json::Value as Json;
use pages::Pages;
use rustls::crypto::CryptoProvider;
use std::fmt;
use std::time::Duration;
use stripe_billing::invoice::RetrieveInvoice;
use stripe_billing::invoice_payment::{
    ListInvoicePayment, ListInvoicePaymentPayment, ListInvoicePaymentPaymentType,
};
use stripe_client_core::{RequestBuilder, StripeMethod};
use tokio::sync::Semaphore;

/// How many calls run at once. Stripe allows 100 reads a second in live mode and 25 in test mode
/// (<https://docs.stripe.com/rate-limits>), a call takes 0.1 to 0.3 s, and the account has other
/// callers.
const MAX_CONCURRENT_CALLS: usize = 4;

/// How often a call is tried within its time: 250 ms apart, then 500 ms and so on, with jitter.
const MAX_RETRIES: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How many pages of an invoice's lines are read at most. Stripe allows 250 items on an invoice by
/// default (<https://docs.stripe.com/billing/invoices/subscription>), and each call has its own time.
const MAX_PAGES: usize = 10;

/// Stripe's API, as far as it is needed: reads, webhook endpoints, and the promotion codes of coupons that are to be there.
pub struct StripeClient {
    client: async_stripe::Client,
    timeout: Duration,
    calls: Semaphore,
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The key or the base URL cannot be used at all.
    #[error("the Stripe client cannot be set up: {0}")]
    Settings(String),
    /// What is asked for has an id that is none.
    #[error("{0:?} is not an id of a Stripe object")]
    NotAnId(String),
    /// Stripe has no such object in this account and mode.
    #[error("Stripe does not know it: {0}")]
    NotFound(String),
    /// Stripe refuses: the key is wrong or may not read this, or the request is wrong.
    #[error("Stripe refused with status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Stripe's words.
        message: String,
    },
    /// Too many calls in a second.
    #[error("Stripe's rate limit is reached")]
    RateLimited,
    /// Stripe or the way to it is down.
    #[error("Stripe cannot be reached: {0}")]
    Unavailable(String),
    /// The time for the call and its retries is over.
    #[error("Stripe did not answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
}

impl FetchError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited | Self::Unavailable(_) | Self::Timeout(_) => true,
            Self::Settings(_) | Self::NotAnId(_) | Self::NotFound(_) | Self::Refused { .. } => false,
        }
    }
}

impl StripeClient {
    /// A client that acts with this secret or restricted key (it reads invoices, invoice payments and
    /// checkout sessions). `timeout` bounds a call with all of its retries. `base_url` stands in for
    /// `https://api.stripe.com/`.
    pub fn new(secret_key: &str, base_url: Option<&str>, timeout: Duration) -> Result<Self, FetchError> {
        choose_tls_provider();
        // Half of the time, so that a connection that hangs is tried a second time.
        let builder = ClientBuilder::new(secret_key.trim()).timeout(timeout / 2);
        let builder = match base_url {
            Some(url) => builder.url(format!("{}/", url.trim_end_matches('/'))),
            None => builder,
        };
        let client = builder.build().map_err(|error| FetchError::Settings(error.to_string()))?;
        Ok(Self { client, timeout, calls: Semaphore::new(MAX_CONCURRENT_CALLS) })
    }

    /// Brings what a payload lacked.
    pub async fn fetch(&self, missing: &Missing) -> Result<Fetched, FetchError> {
        let answer = match missing {
            Missing::Event(thin) => return self.event(thin).await,
            Missing::PromotionCode { invoice, .. } => self.invoice(invoice, missing.account()).await?,
            Missing::SessionPromotionCode { session, .. } => {
                self.checkout_session(session, missing.account()).await?
            }
            Missing::InvoiceLines { invoice, .. } => self.invoice_lines(invoice, missing.account()).await?,
            Missing::InvoiceOfPayment { payment_intent, .. } => {
                self.invoice_payments(payment_intent, missing.account()).await?
            }
        };
        Ok(Fetched::new(missing, &answer))
    }

    /// The event whose thin form this is, as Stripe sent it, or would have; when it does not keep it any more, the object as it is
    /// now.
    async fn event(&self, thin: &ThinEvent) -> Result<Fetched, FetchError> {
        let account = thin.account.as_deref();
        if let Some(snapshot) = &thin.snapshot {
            let path = format!("/events/{}", checked_id(snapshot)?);
            match self.get(|| RequestBuilder::new(StripeMethod::Get, &path), account).await {
                Ok(event) => return Ok(Fetched::event(snapshot.clone(), event.into_bytes())),
                Err(FetchError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let nothing = || FetchError::NotFound("the event names no object of API v1".to_owned());
        let path = thin.path.as_deref().and_then(checked_path).ok_or_else(nothing)?;
        let object = self.get(|| RequestBuilder::new(StripeMethod::Get, path), account).await?;
        let not_an_object = || FetchError::Unavailable("the answer is no object of Stripe's".to_owned());
        let body = thin.with_object(&object).ok_or_else(not_an_object)?;
        Ok(Fetched::event(thin.fetch_id(), body))
    }

    async fn invoice(&self, invoice: &Key, account: Option<&str>) -> Result<String, FetchError> {
        let expand = ["discounts.promotion_code", "lines.data.discounts.promotion_code"].map(str::to_owned);
        let request = RetrieveInvoice::new(checked(invoice)?.to_owned()).expand(expand);
        self.get(|| request.build(), account).await
    }

    /// Built by hand: the crate of generated session requests is not worth its compile time.
    async fn checkout_session(&self, session: &Key, account: Option<&str>) -> Result<String, FetchError> {
        let path = format!("/checkout/sessions/{}", checked(session)?);
        let request = || {
            let mut request = RequestBuilder::new(StripeMethod::Get, &path);
            request.query = Some("expand%5B0%5D=discounts.promotion_code".to_owned());
            request
        };
        self.get(request, account).await
    }

    /// All pages as one list, up to [`MAX_PAGES`]; `has_more` of the last one stands.
    async fn invoice_lines(&self, invoice: &Key, account: Option<&str>) -> Result<String, FetchError> {
        let path = format!("/invoices/{}/lines", checked(invoice)?);
        let mut pages = Pages::default();
        for _ in 0..MAX_PAGES {
            let request = || {
                let mut request = RequestBuilder::new(StripeMethod::Get, &path);
                request.query = Some(pages.next_query());
                request
            };
            let page = self.get(request, account).await?;
            if !pages.add(&page)? {
                break;
            }
        }
        Ok(pages.into_list())
    }

    async fn invoice_payments(
        &self,
        payment_intent: &Key,
        account: Option<&str>,
    ) -> Result<String, FetchError> {
        let mut payment = ListInvoicePaymentPayment::new(ListInvoicePaymentPaymentType::PaymentIntent);
        payment.payment_intent = Some(checked(payment_intent)?.to_owned());
        let request = ListInvoicePayment::new().payment(payment);
        self.get(|| request.build(), account).await
    }

    async fn get(
        &self,
        request: impl Fn() -> RequestBuilder,
        account: Option<&str>,
    ) -> Result<String, FetchError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(MAX_RETRIES)
            .with_jitter();
        let attempt = || async {
            let mut request = request().customize::<Json>();
            if let Some(account) = account {
                request = request.account_id(account.into());
            }
            let answer = request.send(&self.client).await.map_err(|error| self.understand(error))?;
            Ok(miniserde::json::to_string(&answer))
        };
        // Waiting for its turn takes nothing of a call's time: of thousands of questions all but the first would be put off. The
        // semaphore is never closed, so that an error cannot be.
        let _permit = self.calls.acquire().await.ok();
        let call = async { attempt.retry(pauses).when(FetchError::is_transient).await };
        tokio::time::timeout(self.timeout, call).await.unwrap_or(Err(FetchError::Timeout(self.timeout)))
    }

    fn understand(&self, error: StripeError) -> FetchError {
        match error {
            StripeError::Stripe(answer, status) => {
                let message = answer.message.unwrap_or_else(|| "without a message".to_owned());
                match status {
                    404 => FetchError::NotFound(message),
                    429 => FetchError::RateLimited,
                    // As Stripe's own clients do: a lock that timed out, a dependency that failed.
                    409 | 424 | 500.. => FetchError::Unavailable(format!("status {status}: {message}")),
                    _ => FetchError::Refused { status, message },
                }
            }
            // Not Stripe's words: something on the way answered instead of it.
            StripeError::JSONDeserialize(_) => {
                FetchError::Unavailable("the answer is not one of Stripe's".to_owned())
            }
            StripeError::ClientError(reason) => FetchError::Unavailable(reason),
            StripeError::ConfigError(reason) => FetchError::Settings(reason),
            StripeError::Timeout => FetchError::Timeout(self.timeout / 2),
        }
    }
}

impl fmt::Debug for StripeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeClient").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The crate asks rustls for the process's provider and panics when two are compiled in and none was
/// chosen; other crates bring a second one. A choice that `main` made stands.
fn choose_tls_provider() {
    if CryptoProvider::get_default().is_none() {
        // Losing a race leaves the provider of the winner, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

/// The id of an object, if it can be part of a path.
fn checked(key: &Key) -> Result<&str, FetchError> {
    checked_id(key.id())
}

fn checked_id(id: &str) -> Result<&str, FetchError> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { Ok(id) } else { Err(FetchError::NotAnId(id.to_owned())) }
}

/// The path of an object below `/v1`, if it leads nowhere else.
fn checked_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("/v1")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'-');
    (path.starts_with('/') && path.bytes().all(plain)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_an_object_of_the_api() {
        assert_eq!(checked_path("/v1/invoices/in_1"), Some("/invoices/in_1"));
        for url in ["/v2/core/events", "https://example.org/v1/x", "/v1/../x", "/v1/x?y", "/v1", "/v1evil"] {
            assert_eq!(checked_path(url), None, "{url}");
        }
    }
}
