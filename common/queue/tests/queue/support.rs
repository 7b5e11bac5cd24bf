//! A stand for each test: its own database, its own queues, and a broker's wire that can be cut.

mod broker;
mod database;
mod private;
mod wire;

pub(crate) use broker::Vandal;
pub(crate) use database::Database;
pub(crate) use private::PrivateBroker;
pub(crate) use wire::Wire;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use chrono::Utc;
use domain::ids::{Mode, ProjectId, Realm};
use futures::FutureExt;
use queue::{
    BrokerStatus, Consumer, Delivery, Disposition, Prefix, Publisher, QueueConfig,
    envelope::{Envelope, Source},
};
use std::{collections::BTreeSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a condition may take to come true on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A lease that ends within a test, and outlives its pauses on a busy machine.
pub(crate) fn short_lease(config: &mut QueueConfig) {
    config.lease = Duration::from_secs(2);
}

/// Which back end new messages go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Postgres,
    RabbitMq,
}

/// What a test stands on.
pub(crate) struct Stand {
    pub(crate) backend: Backend,
    pub(crate) config: QueueConfig,
    pub(crate) database: Database,
    pub(crate) wire: Option<Wire>,
    shutdown: CancellationToken,
}

/// Runs a test on a stand, then takes the stand down and sees that no message is left over.
pub(crate) async fn on<F, T>(backend: Backend, test: F) -> Result<()>
where
    F: FnOnce(Arc<Stand>) -> T,
    T: Future<Output = Result<()>>,
{
    on_with(backend, |_| {}, test).await
}

/// The same with settings of the test's own.
pub(crate) async fn on_with<F, T>(
    backend: Backend,
    configure: impl FnOnce(&mut QueueConfig),
    test: F,
) -> Result<()>
where
    F: FnOnce(Arc<Stand>) -> T,
    T: Future<Output = Result<()>>,
{
    let mut stand = Stand::set_up(backend).await?;
    configure(&mut stand.config);
    let stand = Arc::new(stand);
    let outcome = AssertUnwindSafe(test(Arc::clone(&stand))).catch_unwind().await;
    stand.shutdown.cancel();
    let drained = match &outcome {
        Ok(Ok(())) => stand.drained().await,
        _ => Ok(()),
    };
    stand.take_down().await?;
    match outcome {
        Ok(outcome) => outcome.and(drained),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

impl Stand {
    async fn set_up(backend: Backend) -> Result<Self> {
        let prefix: Prefix = format!("test-{}", Uuid::now_v7().simple()).parse()?;
        let database = Database::create(&prefix).await?;
        let wire = match backend {
            Backend::Postgres => None,
            Backend::RabbitMq => Some(Wire::to(&broker::url()?).await?),
        };
        let amqp_url = wire.as_ref().map(Wire::url);
        let mut config = QueueConfig::new(prefix, amqp_url.as_deref(), database.options())?;
        "test".clone_into(&mut config.process);
        Ok(Self { backend, config, database, wire, shutdown: CancellationToken::new() })
    }

    /// A publisher that is connected.
    pub(crate) async fn publisher(&self) -> Result<Publisher> {
        let publisher = Publisher::start(&self.config, self.shutdown.child_token());
        ready(&publisher).await?;
        Ok(publisher)
    }

    /// A consumer; the token shuts it down.
    pub(crate) fn consumer(&self) -> (Consumer, CancellationToken) {
        let shutdown = self.shutdown.child_token();
        (Consumer::start(&self.config, shutdown.clone()), shutdown)
    }

    /// Puts a message into the queue as a program of another kind would.
    pub(crate) async fn inject_malformed(&self, body: &[u8]) -> Result<()> {
        match self.backend {
            Backend::Postgres => self.database.inject(&self.config.prefix, body).await,
            Backend::RabbitMq => broker::inject(&self.config.prefix, body).await,
        }
    }

    /// Deletes queues or exchanges behind the program's back.
    pub(crate) async fn delete(&self, queues: &[&str], exchanges: &[&str]) -> Result<()> {
        broker::delete(&self.config.prefix, queues, exchanges).await
    }

    /// Declares a classic queue where a quorum queue should be.
    pub(crate) async fn declare_otherwise(&self, queue: &str) -> Result<()> {
        broker::declare_otherwise(&self.config.prefix, queue).await
    }

    /// How many messages lie in a queue of the broker, those in somebody's hands not counted.
    pub(crate) async fn ready_in(&self, queue: &str) -> Result<u32> {
        broker::ready_in(&self.config.prefix, queue).await
    }

    async fn drained(&self) -> Result<()> {
        eventually("every message is settled", || self.is_drained()).await
    }

    async fn is_drained(&self) -> Result<bool> {
        let rows = self.database.count("SELECT count(*) FROM queue_messages").await?;
        let mut ready = 0;
        if self.backend == Backend::RabbitMq {
            for queue in ["events", "large", "unroutable", "dead"] {
                ready += self.ready_in(queue).await?;
            }
        }
        Ok(rows == 0 && ready == 0)
    }

    async fn take_down(&self) -> Result<()> {
        if self.backend == Backend::RabbitMq {
            broker::remove(&self.config.prefix).await?;
        }
        self.database.remove().await
    }
}

/// Waits until messages go where the configuration says.
pub(crate) async fn ready(publisher: &Publisher) -> Result<()> {
    if let Some(mut broker) = publisher.watch_broker() {
        timeout(PATIENCE, broker.wait_for(|status| *status == BrokerStatus::Ready))
            .await
            .with_context(|| format!("RabbitMQ is {:?}", publisher.status().broker))??;
    } else {
        let mut database = publisher.watch_database();
        timeout(PATIENCE, database.wait_for(|status| *status == queue::DatabaseStatus::Up)).await??;
    }
    Ok(())
}

/// A message that tells its number.
pub(crate) fn message(n: usize) -> Envelope {
    let realm = Realm { project: ProjectId(7), mode: Mode::Test };
    let body = Bytes::from(format!(r#"{{"n":{n}}}"#));
    Envelope::new(Source::Stripe, realm, body, Utc::now())
}

/// The ids of messages.
pub(crate) fn ids<'a>(deliveries: impl IntoIterator<Item = &'a Delivery>) -> BTreeSet<Uuid> {
    deliveries.into_iter().map(|delivery| delivery.envelope.headers.message_id).collect()
}

/// Publishes `n` messages one after another and returns their ids.
pub(crate) async fn publish(publisher: &Publisher, n: usize) -> Result<BTreeSet<Uuid>> {
    let mut published = BTreeSet::new();
    for n in 0..n {
        let message = message(n);
        published.insert(message.headers.message_id);
        publisher.publish(message).await?;
    }
    Ok(published)
}

/// The next batch, in reasonable time.
pub(crate) async fn next(consumer: &mut Consumer, max: usize) -> Result<Vec<Delivery>> {
    let batch = timeout(PATIENCE, consumer.next_batch(max)).await.context("no message came")?;
    let batch = batch.context("the consumer has shut down")?;
    ensure!((1..=max).contains(&batch.len()), "a batch of {} for at most {max}", batch.len());
    Ok(batch)
}

/// The next single message, in reasonable time.
pub(crate) async fn next_one(consumer: &mut Consumer) -> Result<Delivery> {
    next(consumer, 1).await?.pop().context("an empty batch")
}

/// Takes batches until `n` messages are in hand.
pub(crate) async fn take(consumer: &mut Consumer, n: usize) -> Result<Vec<Delivery>> {
    let mut taken = Vec::new();
    while taken.len() < n {
        taken.extend(next(consumer, n - taken.len()).await?);
    }
    Ok(taken)
}

/// Acknowledges whatever is left in either store.
pub(crate) async fn settle_the_rest(stand: &Stand, consumer: &mut Consumer) -> Result<()> {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !stand.is_drained().await? {
        tokio::select! {
            batch = next(consumer, 500) => ack(consumer, batch?).await?,
            _ = looks.tick() => {}
        }
    }
    Ok(())
}

/// Gives each delivery the same disposition.
pub(crate) fn all(deliveries: Vec<Delivery>, disposition: &Disposition) -> Vec<(Delivery, Disposition)> {
    deliveries.into_iter().map(|delivery| (delivery, disposition.clone())).collect()
}

/// Acknowledges.
pub(crate) async fn ack(consumer: &Consumer, deliveries: Vec<Delivery>) -> Result<()> {
    Ok(consumer.finish(all(deliveries, &Disposition::Ack)).await?)
}

/// Looks again and again until the condition holds, and fails when that takes too long.
pub(crate) async fn eventually<T: Future<Output = Result<bool>>>(
    what: &str,
    condition: impl Fn() -> T,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        looks.tick().await;
        if condition().await? {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "it did not come true that {what}");
    }
}
