//! What a worker says of its queue.

use anyhow::{Result, ensure};
use sqlx::Executor;
use std::{net::SocketAddr, time::Duration};
use tests::{deployment, feed::Feed, launch::Launch, stores::Backend, story::annas, stripe, wait::until};
use tokio::net::TcpListener;

const GAUGE: &str = "tributary_queue_oldest_age_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_the_oldest_message_is_0_again_when_the_queue_is_empty_on_postgres() -> Result<()> {
    the_age_returns_to_0(Backend::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_the_oldest_message_is_0_again_when_the_queue_is_empty_on_rabbitmq() -> Result<()> {
    the_age_returns_to_0(Backend::RabbitMq).await
}

/// While somebody keeps the worker from settling, the age grows. It does not stay at what it was then.
async fn the_age_returns_to_0(backend: Backend) -> Result<()> {
    deployment::on(backend, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let feed = Feed::of(deployment).await?;
        let mut somebody = deployment.pool.begin().await?;
        somebody.execute("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE").await?;
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let launch = Launch::of("tributary-worker", deployment)?;
        let mut worker = launch.env("METRICS_ADDR", &address.to_string()).start()?;
        feed.event(realm, annas(1, 0).invoice_paid()).await?;
        until("a message waits", async || {
            worker.runs()?;
            let ages = ages(address).await?;
            ensure!(ages.iter().any(|age| *age > 1.0), "{ages:?}");
            Ok(())
        })
        .await?;
        somebody.rollback().await?;
        deployment.settled(realm, 1).await?;
        until("nothing waits", async || {
            let ages = ages(address).await?;
            ensure!(ages.iter().all(|age| *age == 0.0), "{ages:?}");
            Ok(())
        })
        .await?;
        worker.terminate().await?;
        ensure!(worker.ended(Duration::from_secs(10)).await?.success(), "the worker did not end well");
        Ok(())
    })
    .await
}

/// The gauge, by store; an error while it has none.
async fn ages(address: SocketAddr) -> Result<Vec<f64>> {
    let text = stripe::client()?.get(format!("http://{address}/metrics")).send().await?.text().await?;
    let of_gauge =
        |line: &str| line.starts_with(GAUGE).then(|| line.rsplit(' ').next()?.parse().ok()).flatten();
    let ages: Vec<f64> = text.lines().filter_map(of_gauge).collect();
    ensure!(!ages.is_empty(), "no {GAUGE} in {text}");
    Ok(ages)
}
