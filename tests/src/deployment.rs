//! One deployment: a database, queues and the demo's programme, and whatever roles a test starts.

use crate::{
    broker,
    case::Case,
    database::{Database, count},
    options::{self, Options},
    roles::{self, Role},
    stores::{Backend, Stores},
    wait::until,
};
use anyhow::{Context, Result, ensure};
use cli::demo::programme::{self, Entered};
use domain::ids::{ProjectId, Realm};
use futures::FutureExt;
use std::{collections::BTreeMap, net::SocketAddr, panic::AssertUnwindSafe};
use store::{
    self, PgPool, digest,
    overview::{self, Overview},
};
use uuid::Uuid;

/// As many projects as a test looks at together.
const CONNECTIONS: u32 = 20;

/// A deployment.
pub struct Deployment {
    /// The database, for whoever looks behind the services' back.
    pub pool: PgPool,
    /// Its own database.
    pub database_url: String,
    /// The broker.
    pub amqp_url: Option<String>,
    /// Keeps its queues apart from everybody else's.
    pub prefix: String,
    options: Options,
    database: Database,
}

/// Runs a test on a deployment over the run's stores; see [`on_stores`].
///
/// # Errors
/// The test's, or that messages are left over.
pub async fn on(backend: Backend, test: impl AsyncFnOnce(&Deployment) -> Result<()>) -> Result<()> {
    on_stores(&Stores::shared(backend)?, test).await
}

/// The same on a database without tables.
///
/// # Errors
/// The test's, or that messages are left over.
pub async fn on_empty(stores: &Stores, test: impl AsyncFnOnce(&Deployment) -> Result<()>) -> Result<()> {
    run(Deployment::empty(stores).await?, test).await
}

/// Runs a test on a deployment over some stores, sees afterwards that no message is left over, and
/// removes the deployment however the test ends.
///
/// # Errors
/// The test's, or that messages are left over.
pub async fn on_stores(stores: &Stores, test: impl AsyncFnOnce(&Deployment) -> Result<()>) -> Result<()> {
    run(Deployment::create(stores).await?, test).await
}

async fn run(deployment: Deployment, test: impl AsyncFnOnce(&Deployment) -> Result<()>) -> Result<()> {
    let outcome = AssertUnwindSafe(test(&deployment)).catch_unwind().await;
    let drained = match &outcome {
        Ok(Ok(())) => deployment.drained().await,
        _ => Ok(()),
    };
    let removed = deployment.remove().await;
    match outcome {
        Ok(outcome) => outcome.and(drained).and(removed),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

impl Deployment {
    async fn create(stores: &Stores) -> Result<Self> {
        let deployment = Self::empty(stores).await?;
        store::migrate(&store::pool(&deployment.database_url, "test", 1)?).await?;
        Ok(deployment)
    }

    async fn empty(stores: &Stores) -> Result<Self> {
        let prefix = format!("e2e-{}", Uuid::now_v7().simple());
        let database = Database::create(&stores.database_url, &prefix).await?;
        let database_url = database.url()?;
        Ok(Self {
            pool: store::pool(&database_url, "test", CONNECTIONS)?,
            database_url,
            amqp_url: stores.amqp_url.clone(),
            options: options::options(&prefix, stores.amqp_url.as_deref())?,
            prefix,
            database,
        })
    }

    /// Enters another project with the demo's rules, affiliates and coupons.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn programme(&self) -> Result<Entered> {
        let mut transaction = self.pool.begin().await?;
        let entered = programme::enter(&mut transaction).await?;
        transaction.commit().await?;
        Ok(entered)
    }

    /// Enters another project with a case's rules, affiliates and coupons.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_case(&self, case: &Case) -> Result<Entered> {
        let mut transaction = self.pool.begin().await?;
        let entered = case.enter(&mut transaction).await?;
        transaction.commit().await?;
        Ok(entered)
    }

    /// Starts an API in this process.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn api(&self) -> Result<(SocketAddr, Role)> {
        self.api_on(self.database_url.clone()).await
    }

    /// Starts an API in this process that reaches the database as somebody else.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn api_on(&self, database_url: String) -> Result<(SocketAddr, Role)> {
        roles::api(self.options.clone(), database_url).await
    }

    /// Starts a worker in this process.
    #[must_use]
    pub fn worker(&self) -> Role {
        self.worker_on(self.database_url.clone())
    }

    /// Starts a worker in this process that asks another Stripe.
    #[must_use]
    pub fn worker_at(&self, stripe: &str) -> Role {
        let mut options = self.options.clone();
        stripe.clone_into(&mut options.stripe.stripe_api_base);
        roles::worker(options, self.database_url.clone())
    }

    /// Starts a worker in this process that reaches the database as somebody else.
    #[must_use]
    pub fn worker_on(&self, database_url: String) -> Role {
        roles::worker(self.options.clone(), database_url)
    }

    /// Waits until that many of Stripe's events have taken effect and no message is under way, repeats
    /// included.
    ///
    /// # Errors
    /// When that does not come.
    pub async fn settled(&self, realm: Realm, events: usize) -> Result<()> {
        until(&format!("{events} events are settled"), async || {
            let settled = overview::settled_events(&mut *self.pool.acquire().await?, realm).await?;
            let under_way = self.under_way().await?;
            ensure!(
                settled == i64::try_from(events)? && under_way.is_empty(),
                "{settled} are settled, under way are {under_way:?}, dead letters are {}",
                self.dead_letters().await?
            );
            Ok(())
        })
        .await
    }

    /// Every payment of a project by its key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn payments(&self, realm: Realm) -> Result<BTreeMap<String, Overview>> {
        let mut connection = self.pool.acquire().await?;
        let ids = overview::in_realm(&mut connection, realm).await?;
        let payments = overview::of(&mut connection, &ids).await?.into_iter();
        Ok(payments.map(|payment| (payment.payment.clone(), payment)).collect())
    }

    /// The digest of one project.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn digest(&self, project: ProjectId) -> Result<String> {
        Ok(digest::of(&mut *self.pool.acquire().await?, Some(project)).await?)
    }

    /// The lines that are hashed, to see where two ledgers differ.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lines(&self, project: ProjectId) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        let mut connection = self.pool.acquire().await?;
        digest::each_line(&mut connection, Some(project), |line| lines.push(line.to_owned())).await?;
        Ok(lines)
    }

    /// How many messages PostgreSQL holds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queued_in_database(&self) -> Result<i64> {
        count(&mut *self.pool.acquire().await?, "SELECT count(*) FROM queue_messages").await
    }

    /// Waits until nothing is left over: no message in either store, no open dead letter. A test that stops its worker itself
    /// waits for this first.
    ///
    /// # Errors
    /// When that does not come.
    pub async fn drained(&self) -> Result<()> {
        until("no message is left over", async || {
            let (under_way, dead) = (self.under_way().await?, self.dead_letters().await?);
            ensure!(under_way.is_empty() && dead == 0, "there are {under_way:?} and {dead} dead letters");
            Ok(())
        })
        .await
    }

    /// Where messages wait, and how many.
    ///
    /// # Errors
    /// When one of the stores does not answer.
    pub async fn under_way(&self) -> Result<Vec<(String, i64)>> {
        let mut waiting = vec![("queue_messages".to_owned(), self.queued_in_database().await?)];
        if let Some(amqp_url) = &self.amqp_url {
            let counts = broker::messages(amqp_url, &self.prefix).await.context("looking into the broker")?;
            waiting.extend(counts.into_iter().map(|(queue, messages)| (queue, i64::from(messages))));
        }
        waiting.retain(|(_, messages)| *messages > 0);
        Ok(waiting)
    }

    /// How many dead letters wait for a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dead_letters(&self) -> Result<i64> {
        let open = "SELECT count(*) FROM dead_letters WHERE retried_at IS NULL AND discarded_at IS NULL";
        count(&mut *self.pool.acquire().await?, open).await
    }

    async fn remove(self) -> Result<()> {
        self.pool.close().await;
        if let Some(amqp_url) = &self.amqp_url {
            broker::remove(amqp_url, &self.prefix).await?;
        }
        self.database.remove().await
    }
}
