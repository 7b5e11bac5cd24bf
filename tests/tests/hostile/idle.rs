//! Connections between two requests.

use anyhow::{Context, Result, ensure};
use std::{net::SocketAddr, time::Duration};
use tests::{deployment, figures::show, launch::Launch, stores::Backend};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

/// Longer than a connection of a short patience is kept, and much shorter than one of the usual.
const LOOK: Duration = Duration::from_secs(4);

/// How long after an answer the connection is closed; nothing when it is still there after [`LOOK`].
async fn closed(api: SocketAddr) -> Result<Option<Duration>> {
    let mut stream = TcpStream::connect(api).await?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    let (mut answer, began) = (vec![0; 4096], Instant::now());
    ensure!(stream.read(&mut answer).await? > 0, "no answer");
    match timeout(LOOK, stream.read(&mut answer)).await {
        Ok(read) => {
            ensure!(read.context("it was torn down")? == 0, "an answer that nobody asked for");
            Ok(Some(began.elapsed()))
        }
        Err(_elapsed) => Ok(None),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_an_idle_connection_is_kept_is_a_setting() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let launch = || Launch::of("tributary-api", deployment);
        let (brief, _one) = launch()?.env("KEEP_ALIVE_SECONDS", "1").serve().await?;
        let (usual, _other) = launch()?.serve().await?;
        let (brief, usual) = tokio::try_join!(closed(brief), closed(usual))?;
        show(format!("KEEP_ALIVE_SECONDS=1: closed after {brief:?}; without: {usual:?}"));
        ensure!(brief.is_some_and(|after| after >= Duration::from_secs(1)), "it was not closed in time");
        ensure!(usual.is_none(), "it was closed");
        Ok(())
    })
    .await
}
