//! A deployment whose history is settled.

use anyhow::Result;
use cli::demo::{history, programme::Entered};
use std::net::SocketAddr;
use tests::{
    deployment::{self, Deployment},
    stores::Backend,
    stripe,
};

/// Runs a test on the demo's history, settled, with an API and a worker that go on.
pub(crate) async fn on_settled_history(
    test: impl AsyncFnOnce(&Deployment, SocketAddr, &Entered) -> Result<()>,
) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let events = history::events();
        stripe::post_all(&stripe::client()?, api, &entered, &history::deliveries(&events)).await?;
        deployment.settled(entered.realm, events.len()).await?;
        test(deployment, api, &entered).await?;
        deployment.drained().await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

/// Runs a test on an empty deployment with a project.
pub(crate) async fn on_a_project(
    test: impl AsyncFnOnce(&Deployment, SocketAddr, &Entered) -> Result<()>,
) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let entered = deployment.programme().await?;
        test(deployment, api, &entered).await?;
        api_role.stop().await
    })
    .await
}
