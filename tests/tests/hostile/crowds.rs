//! More connections than the process may open, and than it keeps; thousands of clients who send a byte now and then.

use crate::victims::beside;
use anyhow::Result;
use cli::demo::programme::Entered;
use futures::{StreamExt, TryStreamExt, stream};
use std::{future::pending, net::SocketAddr, time::Duration};
use tests::launch::Launch;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::interval};
use tokio_util::task::AbortOnDropHandle;

/// What the process may open when it starts, and more than that.
const LIMIT: u32 = 256;
const IDLE: usize = 600;

/// A crowd as large as it may come: every other of the slow ones is in its head, the others in a body.
const SLOW: usize = 2_000;
const BESIDE_THEM: usize = 3_000;

/// How often a slow client sends a byte.
const PACE: Duration = Duration::from_millis(500);

/// The most memory that the api may take with all of them: some 55 KiB each in a debug build.
const MEMORY: u64 = 384 << 20;

/// How many connections are opened at a time.
const OPENED_AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_beyond_the_soft_limit_of_files_delay_nobody() -> Result<()> {
    beside(
        async |deployment| Launch::with_open_files(LIMIT, "tributary-api", deployment),
        async |api, _| {
            let connections = stream::iter(0..IDLE).map(|_| TcpStream::connect(api));
            Ok(connections.buffer_unordered(OPENED_AT_ONCE).try_collect::<Vec<_>>().await?)
        },
        |_| Ok(()),
    )
    .await
}

/// Keeps a connection open, until it is dropped, and sends nothing.
async fn idle(api: SocketAddr) -> Result<AbortOnDropHandle<()>> {
    let stream = TcpStream::connect(api).await?;
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        pending::<()>().await;
        drop(stream);
    })))
}

/// Begins a request, and goes on with it as slowly as can be, until it is dropped.
async fn slow(api: SocketAddr, begun: String) -> Result<AbortOnDropHandle<()>> {
    let mut stream = TcpStream::connect(api).await?;
    stream.write_all(begun.as_bytes()).await?;
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        let mut pace = interval(PACE);
        loop {
            pace.tick().await;
            // Whose patience is at its end may close it.
            if stream.write_all(b"1").await.is_err() {
                return;
            }
        }
    })))
}

/// The `number`th of a crowd.
async fn of_a_crowd(number: usize, api: SocketAddr, entered: &Entered) -> Result<AbortOnDropHandle<()>> {
    if number >= SLOW {
        return idle(api).await;
    }
    let head =
        format!("POST /api/v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}", entered.api_key);
    let body = "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
    slow(api, if number.is_multiple_of(2) { head } else { head + body }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_clients_and_three_thousand_idle_connections_delay_nobody() -> Result<()> {
    common::process::raise_descriptor_limit();
    beside(
        async |deployment| Launch::of("tributary-api", deployment),
        async |api, entered| {
            let clients = stream::iter(0..SLOW + BESIDE_THEM).map(|number| of_a_crowd(number, api, entered));
            clients.buffer_unordered(OPENED_AT_ONCE).try_collect::<Vec<_>>().await
        },
        |api| api.within_memory("with the crowd", MEMORY),
    )
    .await
}
