//! More connections than the process may open, and than it keeps; thousands of clients who send a byte now and then.

use crate::victims::beside;
use anyhow::{Result, ensure};
use cli::demo::programme::Entered;
use futures::{StreamExt, TryStreamExt, stream};
use std::{net::SocketAddr, time::Duration};
use tests::{figures::show, launch::Launch};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle, time::interval};

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

/// A connection that is open, and who sends on it.
struct Client {
    _idle: Option<TcpStream>,
    slow: Option<JoinHandle<()>>,
}

impl Client {
    async fn idle(api: SocketAddr) -> Result<Self> {
        Ok(Self { _idle: Some(TcpStream::connect(api).await?), slow: None })
    }

    /// Begins a request, and goes on with it as slowly as can be.
    async fn slow(api: SocketAddr, begun: String) -> Result<Self> {
        let mut stream = TcpStream::connect(api).await?;
        stream.write_all(begun.as_bytes()).await?;
        let slow = tokio::spawn(async move {
            let mut pace = interval(PACE);
            loop {
                pace.tick().await;
                // Whose patience is at its end may close it.
                if stream.write_all(b"1").await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { _idle: None, slow: Some(slow) })
    }

    /// The `number`th of a crowd.
    async fn of_a_crowd(number: usize, api: SocketAddr, entered: &Entered) -> Result<Self> {
        if number >= SLOW {
            return Self::idle(api).await;
        }
        let head = format!(
            "POST /api/v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}",
            entered.api_key
        );
        let body = "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        Self::slow(api, if number.is_multiple_of(2) { head } else { head + body }).await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(slow) = &self.slow {
            slow.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_clients_and_three_thousand_idle_connections_delay_nobody() -> Result<()> {
    common::process::raise_descriptor_limit();
    beside(
        async |deployment| Launch::of("tributary-api", deployment),
        async |api, entered| {
            let clients =
                stream::iter(0..SLOW + BESIDE_THEM).map(|number| Client::of_a_crowd(number, api, entered));
            clients.buffer_unordered(OPENED_AT_ONCE).try_collect::<Vec<_>>().await
        },
        |api| {
            let peak = api.peak_memory()?;
            show(format!("at most {} MiB resident", peak >> 20));
            ensure!(peak <= MEMORY, "{peak} bytes");
            Ok(())
        },
    )
    .await
}
