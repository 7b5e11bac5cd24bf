//! What is written at Stripe: forms that are posted.

use super::{FetchError, StripeClient};
use crate::json::well_formed;
use async_stripe::{IdempotencyKey, RequestStrategy};
use miniserde::json::Value as Json;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stripe_client_core::{RequestBuilder, StripeMethod};

impl StripeClient {
    /// Posts a form. The same wish within a day is the same request at Stripe, which answers as it did the first time
    /// (<https://docs.stripe.com/api/idempotent_requests>).
    pub(super) async fn post(
        &self,
        path: &str,
        form: &impl Serialize,
        wish: &str,
    ) -> Result<String, FetchError> {
        let key = hex::encode(Sha256::digest(format!("tributary {path} {wish}").as_bytes()));
        let key = IdempotencyKey::new(key).map_err(|error| FetchError::Settings(error.to_string()))?;
        self.send(path, form, RequestStrategy::Idempotent(key)).await
    }

    /// Posts a form that may be posted again.
    pub(super) async fn post_again(&self, path: &str, form: &impl Serialize) -> Result<String, FetchError> {
        self.send(path, form, RequestStrategy::Once).await
    }

    async fn send(
        &self,
        path: &str,
        form: &impl Serialize,
        strategy: RequestStrategy,
    ) -> Result<String, FetchError> {
        let request = RequestBuilder::new(StripeMethod::Post, path).form(form).customize::<Json>();
        let call = async {
            // The semaphore is never closed, so that an error cannot be.
            let _permit = self.calls.acquire().await.ok();
            request.request_strategy(strategy).send(&self.client).await
        };
        let answer = tokio::time::timeout(self.timeout, call).await;
        let answer = answer.map_err(|_elapsed| FetchError::Timeout(self.timeout))?;
        Ok(miniserde::json::to_string(&answer.map_err(|error| self.understand(error))?))
    }
}

/// Reads an answer.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(answer: &str) -> Result<T, FetchError> {
    serde_json::from_slice(&well_formed(answer.as_bytes()))
        .map_err(|_| FetchError::Unavailable("the answer is not one of Stripe's".to_owned()))
}
