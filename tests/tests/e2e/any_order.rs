//! The ledger is a function of the set of events (SEMANTICS 3).

use anyhow::Result;
use cli::demo::history;
use futures::future::try_join_all;
use std::net::SocketAddr;
use tests::{
    deployment::{self, Deployment},
    ledger,
    stores::Backend,
    stripe,
};

/// How many orders one history is posted in.
const ORDERS: u64 = 10;

#[tokio::test]
async fn a_history_earns_what_it_should_to_the_cent() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let events = history::events();
        let deliveries: Vec<&str> = events.iter().map(String::as_str).collect();
        stripe::post_all(&stripe::client()?, api, &entered, &deliveries).await?;
        deployment.settled(entered.realm, events.len()).await?;
        assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo());
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_orders_with_repeats_end_in_one_digest_on_postgres() -> Result<()> {
    ten_orders_end_in_one_digest(Backend::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_orders_with_repeats_end_in_one_digest_on_rabbitmq() -> Result<()> {
    ten_orders_end_in_one_digest(Backend::RabbitMq).await
}

/// All of them at once, each in a project of its own, by two workers.
async fn ten_orders_end_in_one_digest(backend: Backend) -> Result<()> {
    deployment::on(backend, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let workers = [deployment.worker(), deployment.worker()];
        let ledgers = try_join_all((0..ORDERS).map(|seed| one_order(deployment, api, seed))).await?;
        for (seed, (digest, lines)) in ledgers.iter().enumerate() {
            assert_eq!(*lines, ledgers[0].1, "the ledger of seed {seed} is not that of seed 0");
            assert_eq!(*digest, ledgers[0].0);
        }
        api_role.stop().await?;
        for worker in workers {
            worker.stop().await?;
        }
        Ok(())
    })
    .await
}

async fn one_order(deployment: &Deployment, api: SocketAddr, seed: u64) -> Result<(String, Vec<String>)> {
    let entered = deployment.programme().await?;
    stripe::post_history(api, &entered, seed).await?;
    deployment.settled(entered.realm, history::events().len()).await?;
    let project = entered.realm.project;
    assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo(), "seed {seed}");
    Ok((deployment.digest(project).await?, deployment.lines(project).await?))
}
