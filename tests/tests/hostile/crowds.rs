//! More connections than the process may open, and than it keeps.

use crate::victims;
use anyhow::{Result, ensure};
use futures::{StreamExt, stream};
use std::time::Duration;
use tests::{deployment, figures::show, launch::Launch, stores::Backend};
use tokio::net::TcpStream;

/// Without room the seventh second was the first that was answered.
const LONGEST: Duration = Duration::from_secs(5);

/// More than the soft limit that it starts with.
const IDLE: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_beyond_the_soft_limit_of_files_delay_nobody() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let (api, _running) = Launch::with_open_files(256, "tributary-api", deployment)?.serve().await?;
        let entered = deployment.programme().await?;
        victims::ask(api, &entered, Duration::from_millis(500)).await?;
        let before = victims::ask(api, &entered, Duration::from_secs(2)).await?;
        before.show("alone");
        let idle: Vec<_> =
            stream::iter(0..IDLE).map(|_| TcpStream::connect(api)).buffer_unordered(50).collect().await;
        let during = victims::ask(api, &entered, Duration::from_secs(3)).await?;
        during.show(&format!("beside {} idle connections", idle.len()));
        show(format!("the longest took {:?}", during.times.longest()));
        drop(idle);
        ensure!(during.failed() == 0, "{:?}", during.statuses);
        ensure!(during.times.longest() < LONGEST, "it took {:?}", during.times.longest());
        worker.stop().await
    })
    .await
}
