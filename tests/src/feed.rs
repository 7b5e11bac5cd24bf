//! Puts events on a deployment's queue as the API does, without one.

use crate::{deployment::Deployment, wait::until};
use anyhow::{Context, Result, ensure};
use chrono::Utc;
use domain::ids::Realm;
use queue::{
    Prefix, Publisher, QueueConfig,
    envelope::{Envelope, Source},
};
use tokio_util::sync::CancellationToken;

/// A publisher of Stripe's events.
pub struct Feed {
    publisher: Publisher,
    shutdown: CancellationToken,
}

impl Feed {
    /// Connects to a deployment's queue.
    ///
    /// # Errors
    /// When its stores take nothing.
    pub async fn of(deployment: &Deployment) -> Result<Self> {
        let prefix: Prefix = deployment.prefix.parse()?;
        let config = QueueConfig::from_settings(
            prefix.as_str(),
            deployment.amqp_url.as_deref(),
            &deployment.database_url,
            "test",
        )?;
        let shutdown = CancellationToken::new();
        let publisher = Publisher::start(&config, shutdown.clone());
        until("the queue takes messages", async || {
            let status = publisher.status();
            let wanted = status.broker.as_ref().is_none_or(|broker| *broker == queue::BrokerStatus::Ready);
            ensure!(wanted && status.accepts(), "{status:?}");
            Ok(())
        })
        .await?;
        Ok(Self { publisher, shutdown })
    }

    /// Puts one event of Stripe's on the queue.
    ///
    /// # Errors
    /// When no store takes it.
    pub async fn event(&self, realm: Realm, body: impl Into<bytes::Bytes>) -> Result<()> {
        let envelope = Envelope::new(Source::Stripe, realm, body.into(), Utc::now());
        self.publisher.publish(envelope).await.context("no store took it")?;
        Ok(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
