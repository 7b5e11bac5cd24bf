//! A scratch database with a programme in it, its queues, and the programs that run on both.

use super::plan::Plan;
use super::processes::{Process, Stores};
use super::workload::{CODE, Workload};
use anyhow::{Context as _, bail};
use app::projects::{self, NewProject};
use bytes::Bytes;
use chrono::Utc;
use domain::{
    ids::{Mode, Realm},
    money::BasisPoints,
    rules::{Commission, Rules},
};
use futures::{StreamExt, TryStreamExt, stream};
use queue::{
    self, Publisher, QueueConfig,
    envelope::{Envelope, Source},
};
use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
    process,
    time::Duration,
};
use store::{
    self, PgPool,
    affiliates::{self, NewAffiliate},
    databases, overview,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// What the events are signed with.
pub(crate) const SECRET: &str = "whsec_bench_0123456789abcdef0123456789abcdef";

/// Connections for what is measured in this process, as many as an API has.
const CONNECTIONS: u32 = 8;
/// Messages on their way to the queue at once, while it is filled.
const FILLING: usize = 256;
/// Events behind which no progress is made for so long are stuck.
const STUCK: Duration = Duration::from_mins(2);
/// Between two looks at how much is settled, at least and at most.
const LOOK: Duration = Duration::from_millis(20);
const SELDOM: Duration = Duration::from_secs(1);

/// Where a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// RabbitMQ.
    Broker,
    /// PostgreSQL.
    Database,
}

/// Events that are settled, up to the last of them.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    events: i64,
    last: i64,
}

/// The scratch database and everything in it.
pub(crate) struct Site {
    server_url: String,
    database: String,
    /// The scratch database.
    pub(crate) url: String,
    amqp_url: Option<String>,
    /// Connections to it.
    pub(crate) pool: PgPool,
    /// The project.
    pub(crate) realm: Realm,
    /// A key to it.
    pub(crate) api_key: String,
    /// Where its webhooks are posted to.
    pub(crate) webhook_path: String,
    logs: PathBuf,
    series: Cell<u64>,
    /// How many events are settled up to one, so that they are not counted again.
    counted: Cell<Counted>,
    queues: RefCell<Vec<Stores>>,
}

impl Site {
    /// Makes the database beside the one that is named, migrates it and enters a programme.
    pub(crate) async fn make(server_url: &str, amqp_url: Option<&str>, plan: &Plan) -> anyhow::Result<Self> {
        let database = format!("tributary_bench_{}", process::id());
        let url = databases::create(server_url, &database).await.context("cannot make a scratch database")?;
        let pool = store::pool(&url, "tributary bench", CONNECTIONS)?;
        store::migrate(&pool).await.context("the scratch database cannot be migrated")?;
        let mut transaction = pool.begin().await?;
        let new = NewProject {
            name: "Bench",
            rules: &Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) }),
            mode: Mode::Test,
            webhook_secret: Some(SECRET),
            landing_url: None,
        };
        let created = projects::create(&mut transaction, new).await?;
        let realm = Realm { project: created.project_id, mode: created.mode };
        let affiliate = NewAffiliate::named("bench@affiliate.example", CODE);
        affiliates::create(&mut transaction, realm, &affiliate).await?;
        transaction.commit().await?;
        let logs = std::env::temp_dir().join(&database);
        std::fs::create_dir_all(&logs).context("cannot make a directory for logs")?;
        Ok(Self {
            server_url: server_url.to_owned(),
            database,
            url,
            amqp_url: amqp_url.map(str::to_owned),
            pool,
            realm,
            api_key: created.api_key,
            webhook_path: created.webhook_path,
            logs,
            series: Cell::new(plan.seed * 10_000),
            counted: Cell::default(),
            queues: RefCell::default(),
        })
    }

    /// Drops the database and deletes the queues.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        for stores in self.queues.take() {
            queue::bare::remove(&queue(&stores)?).await.context("cannot delete the queues")?;
        }
        self.pool.close().await;
        databases::drop(&self.server_url, &self.database)
            .await
            .context("cannot drop the scratch database")?;
        std::fs::remove_dir_all(&self.logs).context("cannot remove the logs")?;
        Ok(())
    }

    /// Whether there is a broker to measure.
    pub(crate) fn has_broker(&self) -> bool {
        self.amqp_url.is_some()
    }

    /// Customers that nobody had before.
    pub(crate) fn workload(&self, customers: u64) -> Workload {
        let series = self.series.get();
        self.series.set(series + 1);
        Workload::new(series, customers)
    }

    /// The stores, with queues of their own.
    pub(crate) fn stores(&self, through: Through) -> Stores {
        let (amqp_url, name) = match through {
            Through::Broker => (self.amqp_url.clone(), "broker"),
            Through::Database => (None, "database"),
        };
        let stores = Stores {
            database_url: self.url.clone(),
            amqp_url,
            queue_prefix: format!("bench-{}-{name}-{}", process::id(), self.series.get()),
        };
        self.queues.borrow_mut().push(stores.clone());
        stores
    }

    /// The stores that were made last.
    pub(crate) fn latest_stores(&self) -> anyhow::Result<Stores> {
        self.queues.borrow().last().cloned().context("no stores were made yet")
    }

    /// Starts an API.
    pub(crate) async fn api(&self, stores: &Stores) -> anyhow::Result<(Process, std::net::SocketAddr)> {
        Process::api(stores, &self.logs).await
    }

    /// Starts some workers.
    pub(crate) fn workers(&self, stores: &Stores, count: usize) -> anyhow::Result<Vec<Process>> {
        (0..count).map(|_| Process::worker(stores, &self.logs)).collect()
    }

    /// Puts events on a queue.
    pub(crate) async fn fill(&self, stores: &Stores, bodies: Vec<Bytes>) -> anyhow::Result<()> {
        let config = queue(stores)?;
        let shutdown = CancellationToken::new();
        let publisher = Publisher::start(&config, shutdown.clone());
        wait_until_it_accepts(&publisher, stores).await?;
        let realm = self.realm;
        let publish = |body| {
            let publisher = publisher.clone();
            async move { publisher.publish(Envelope::new(Source::Stripe, realm, body, Utc::now())).await }
        };
        stream::iter(bodies.into_iter().map(publish))
            .buffer_unordered(FILLING)
            .try_collect::<Vec<_>>()
            .await?;
        shutdown.cancel();
        publisher.finished().await;
        Ok(())
    }

    /// Settles events and waits for it, unmeasured.
    pub(crate) async fn settle(&self, bodies: Vec<Bytes>) -> anyhow::Result<()> {
        let stores = self.stores(Through::Database);
        let target = self.settled().await? + i64::try_from(bodies.len())?;
        self.fill(&stores, bodies).await?;
        let mut workers = self.workers(&stores, 1)?;
        self.wait_for(target, &mut workers).await?;
        stop(workers).await
    }

    /// Waits until so many events are settled; when that was.
    pub(crate) async fn wait_for(&self, target: i64, workers: &mut [Process]) -> anyhow::Result<Instant> {
        let (mut seen, mut moved) = (self.settled().await?, Instant::now());
        let (first, began) = (seen, Instant::now());
        loop {
            let counted = self.count().await?;
            let (settled, now) = (counted.events, Instant::now());
            if settled == target {
                // None is under way that could come before the last of them.
                self.counted.set(counted);
            }
            if settled >= target {
                return Ok(now);
            }
            workers.iter_mut().try_for_each(Process::must_run)?;
            if settled > seen {
                (seen, moved) = (settled, now);
            } else if moved.elapsed() > STUCK {
                bail!(
                    "{} events are not settled after {} s without progress",
                    target - settled,
                    STUCK.as_secs()
                );
            }
            // Counting costs what it counts, so seldom at first and more often towards the end.
            let (done, left) = ((settled - first).max(1), target - settled);
            let took = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
            let rest = i64::from(took).saturating_mul(left) / done / 4;
            sleep(Duration::from_millis(rest.unsigned_abs()).clamp(LOOK, SELDOM)).await;
        }
    }

    /// How many events are settled.
    pub(crate) async fn settled(&self) -> anyhow::Result<i64> {
        Ok(self.count().await?.events)
    }

    async fn count(&self) -> anyhow::Result<Counted> {
        let Counted { events, last } = self.counted.get();
        let mut connection = self.pool.acquire().await?;
        let (behind, latest) = overview::settled_events_behind(&mut connection, self.realm, last).await?;
        Ok(Counted { events: events + behind, last: latest.unwrap_or(last) })
    }
}

/// Stops processes, one after the other.
pub(crate) async fn stop(processes: Vec<Process>) -> anyhow::Result<()> {
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// A queue's settings.
pub(crate) fn queue(stores: &Stores) -> anyhow::Result<QueueConfig> {
    let Stores { database_url, amqp_url, queue_prefix } = stores;
    Ok(QueueConfig::from_settings(queue_prefix, amqp_url.as_deref(), database_url, "tributary bench")?)
}

async fn wait_until_it_accepts(publisher: &Publisher, stores: &Stores) -> anyhow::Result<()> {
    use queue::{BrokerStatus, DatabaseStatus};
    let deadline = Instant::now() + STUCK;
    loop {
        let status = publisher.status();
        let ready = match stores.amqp_url {
            Some(_) => status.broker == Some(BrokerStatus::Ready),
            None => status.database == DatabaseStatus::Up,
        };
        if ready {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the queue cannot be reached: {status:?}");
        }
        sleep(LOOK).await;
    }
}
