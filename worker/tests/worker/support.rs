//! A worker in this process, and a project in its database.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clap::Parser;
use common::config::{NotifyArgs, QueueArgs, StripeArgs, WatchArgs};
use domain::ids::{Mode, ProjectId, Realm};
use domain::money::BasisPoints;
use domain::rules::{Commission, Rules};
use queue::envelope::{Envelope, Source};
use queue::{Prefix, Publisher, QueueConfig};
use std::time::Duration;
use store::affiliates::{self, NewAffiliate};
use store::{PgPool, program_rules, projects};
use stripe::sample::{Sample, Version};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Far more than anything takes.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    stripe: StripeArgs,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    watch: WatchArgs,
}

/// A running worker, a publisher to feed it, and a project whose commission is 20 %.
pub struct Bench {
    pub pool: PgPool,
    pub realm: Realm,
    pub publisher: Publisher,
    pub shutdown: CancellationToken,
    worker: Option<JoinHandle<anyhow::Result<()>>>,
    arguments: Vec<String>,
}

impl Bench {
    /// With a project and the affiliate `ANNA`, but no worker yet.
    pub async fn new(pool: PgPool) -> Self {
        Self::with_arguments(pool, &[]).await
    }

    pub async fn with_arguments(pool: PgPool, arguments: &[&str]) -> Self {
        let mut connection = pool.acquire().await.unwrap();
        let project = projects::create(&mut connection, "Acme").await.unwrap().id;
        let rules = rules();
        program_rules::add(&mut connection, project, &rules, None).await.unwrap();
        let realm = Realm { project, mode: Mode::Test };
        let new = NewAffiliate::named("anna@example.org", "ANNA");
        let mut transaction = sqlx::Connection::begin(&mut *connection).await.unwrap();
        // What stands before anybody listens is no news.
        store::notifications::keep_quiet(&mut transaction).await.unwrap();
        affiliates::create(&mut transaction, realm, &new).await.unwrap();
        transaction.commit().await.unwrap();
        drop(connection);
        Self::of(pool, realm, arguments)
    }

    /// Of a database without tables.
    pub fn unprepared(pool: PgPool, arguments: &[&str]) -> Self {
        Self::of(pool, Realm { project: ProjectId(1), mode: Mode::Test }, arguments)
    }

    fn of(pool: PgPool, realm: Realm, arguments: &[&str]) -> Self {
        let database = sqlx::postgres::PgConnectOptions::clone(&pool.connect_options());
        let config = QueueConfig::new(Prefix::default(), None, database).unwrap();
        let publisher = Publisher::start(&config, CancellationToken::new());
        let mut all = vec!["worker".to_owned(), "--amqp-url=".to_owned()];
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let shutdown = CancellationToken::new();
        Self { pool, realm, publisher, shutdown, worker: None, arguments: all }
    }

    /// Starts the worker.
    pub fn start(&mut self) {
        use sqlx::ConnectOptions;
        let url = self.pool.connect_options().to_url_lossy().to_string();
        let options = Options::parse_from(&self.arguments);
        let shutdown = self.shutdown.clone();
        self.worker = Some(tokio::spawn(async move {
            let settings = worker::Settings {
                database_url: &url,
                queue: &options.queue,
                stripe: &options.stripe,
                notify: &options.notify,
                watch: &options.watch,
            };
            worker::run(settings, shutdown).await
        }));
    }

    /// Puts a message on the queue.
    pub async fn publish(&self, source: Source, body: impl Into<Bytes>) {
        self.publish_at(source, body, Utc::now()).await;
    }

    pub async fn publish_at(&self, source: Source, body: impl Into<Bytes>, at: DateTime<Utc>) {
        self.publisher.publish(Envelope::new(source, self.realm, body.into(), at)).await.unwrap();
    }

    /// Waits until the queue is empty, stops the worker and sees that it left nothing.
    pub async fn drain(&mut self) {
        self.until("an empty queue", async || self.count("SELECT count(*) FROM queue_messages").await == 0)
            .await;
        self.stop().await;
    }

    /// Stops the worker, which must end well.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(worker) = self.worker.take() {
            tokio::time::timeout(DEADLINE, worker).await.expect("the worker stops").unwrap().unwrap();
        }
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    pub async fn text(&self, sql: &'static str) -> Option<String> {
        sqlx::query_scalar(sql).fetch_optional(&self.pool).await.unwrap()
    }

    /// Waits for a condition.
    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition().await {
            assert!(Instant::now() < deadline, "{what} did not come");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the ledger says is payable to Anna, in cents.
    pub async fn payable(&self) -> i64 {
        self.count(
            "SELECT coalesce(sum(CASE WHEN to_account = 'payable' THEN amount_minor ELSE 0 END)
                    - sum(CASE WHEN from_account = 'payable' THEN amount_minor ELSE 0 END), 0)::BIGINT
             FROM ledger_entries",
        )
        .await
    }
}

/// 20 % of everything.
fn rules() -> Rules {
    Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) })
}

/// The `number`th customer, sent by Anna, who pays 49.00 USD.
pub fn sale(number: u64) -> Sample {
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    Sample {
        client_reference_id: Some("ANNA".to_owned()),
        metadata: vec![("referral_code".to_owned(), "ANNA".to_owned())],
        ..Sample::new(number, Version::Dahlia, at)
    }
}
