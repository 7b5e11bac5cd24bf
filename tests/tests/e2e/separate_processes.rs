//! `tributary-api` and `tributary-worker` as programs of their own, over RabbitMQ.

use anyhow::{Result, ensure};
use cli::demo::{history, programme::Entered};
use futures::future::try_join_all;
use std::net::SocketAddr;
use tests::{
    deployment::{self, Deployment},
    ledger,
    processes::Process,
    stores::Backend,
    stripe,
    wait::until,
};

/// How many projects have the same history: more messages than two workers take at once.
const PROJECTS: u64 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_one_of_them_killed_settle_what_one_would() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let (api, api_process) = Process::api(deployment).await?;
        let events = history::events().len();

        let one = Process::worker(deployment)?;
        let entered = post(deployment, api, 0).await?;
        deployment.settled(entered.realm, events).await?;
        let alone = deployment.digest(entered.realm.project).await?;
        assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo());
        ensure!(one.stop().await?.success(), "the worker did not end well");

        let projects = try_join_all((1..=PROJECTS).map(|seed| post(deployment, api, seed))).await?;
        let (one, other) = (Process::worker(deployment)?, Process::worker(deployment)?);
        let settled = until("some events are settled", async || {
            let settled = settled_events(deployment).await?;
            ensure!(settled > events, "only the first project's are");
            Ok(settled)
        })
        .await?;
        one.kill().await?;
        assert!(settled < events * (projects.len() + 1), "the worker was killed when all was done");

        for Entered { realm, .. } in projects {
            deployment.settled(realm, events).await?;
            assert_eq!(deployment.digest(realm.project).await?, alone);
        }
        ensure!(other.stop().await?.success(), "the other worker did not end well");
        ensure!(api_process.stop().await?.success(), "the API did not end well");
        Ok(())
    })
    .await
}

async fn post(deployment: &Deployment, api: SocketAddr, seed: u64) -> Result<Entered> {
    let entered = deployment.programme().await?;
    stripe::post_history(api, &entered, seed).await?;
    Ok(entered)
}

async fn settled_events(deployment: &Deployment) -> Result<usize> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&deployment.pool).await?;
    Ok(usize::try_from(count)?)
}
