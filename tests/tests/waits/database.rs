//! The database's host vanishes without a word.

use crate::support::{bounded, ends_well, sale, settle, settled};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tests::{
    deployment, feed::Feed, launch::Launch, processes::Process, stores::Backend, stripe::client, wait::until,
    wire::Wire,
};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// As long as the outage of which it was found that nothing came back after it.
const SILENCE: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn after_15_s_without_a_word_of_the_database_the_worker_goes_on() -> Result<()> {
    for backend in [Backend::Postgres, Backend::RabbitMq] {
        deployment::on(backend, async |deployment| {
            let realm = deployment.programme().await?.realm;
            let wire = Wire::to(&deployment.database_url).await?;
            let feed = Feed::of(deployment).await?;
            let worker =
                Launch::of("tributary-worker", deployment)?.env("DATABASE_URL", wire.url()).start()?;
            feed.event(realm, sale(0).invoice_paid()).await?;
            settle(&deployment.pool, realm, 1).await?;
            wire.silence();
            for number in 1..=100 {
                feed.event(realm, sale(number).invoice_paid()).await?;
            }
            // Not a wait for something, but the outage itself.
            sleep(SILENCE).await;
            wire.mend();
            let took = settle(&deployment.pool, realm, 101).await?;
            bounded(&format!("{backend:?}: 100 events after 15 s of silence"), took)?;
            wire.silence();
            let began = Instant::now();
            let ended = worker.stop().await?;
            bounded(&format!("{backend:?}: stops while the database is silent"), began.elapsed())?;
            ensure!(ended.success(), "it did not end well: {ended}");
            // What it had settled and could no longer acknowledge comes once more, and changes nothing.
            let other = Process::worker(deployment)?;
            // One of its own shows that it is there: who has only just been started cannot be asked to end well.
            feed.event(realm, sale(101).invoice_paid()).await?;
            settle(&deployment.pool, realm, 102).await?;
            ends_well(deployment, other).await?;
            ensure!(settled(&deployment.pool, realm).await? == 102, "not every event is settled once");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// Nothing is to do, so that no batch can tell.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_says_that_its_database_is_away_and_that_it_is_back() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let wire = Wire::to(&deployment.database_url).await?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let launch = Launch::of("tributary-worker", deployment)?.env("DATABASE_URL", wire.url());
        let worker = launch.env("METRICS_ADDR", &address.to_string()).start()?;
        says(address, "ready").await?;
        wire.silence();
        says(address, "unavailable").await?;
        wire.mend();
        says(address, "ready").await?;
        ensure!(worker.stop().await?.success(), "it did not end well");
        Ok(())
    })
    .await
}

async fn says(address: SocketAddr, status: &str) -> Result<()> {
    until(&format!("the worker says that it is {status}"), async || {
        let answer: Value = client()?.get(format!("http://{address}/readyz")).send().await?.json().await?;
        ensure!(answer["status"] == status, "{answer}");
        Ok(())
    })
    .await
}
