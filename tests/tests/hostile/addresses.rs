//! More client addresses than a limit remembers.

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use std::{net::SocketAddr, time::Duration};
use tests::{deployment, figures::show, launch::Launch, stores::Backend};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::Instant,
};

/// As many as were tried, over so many connections.
const ADDRESSES: usize = 120_000;
const CONNECTIONS: usize = 8;

/// Requests that are sent before their answers are read.
const AT_ONCE: usize = 100;

/// A window of the limit. What takes longer than this proves nothing.
const WINDOW: Duration = Duration::from_mins(1);

/// A client behind a proxy, on one connection.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn to(api: SocketAddr) -> Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(api).await?)))
    }

    /// The statuses of one request from each of these addresses.
    async fn ask(&mut self, addresses: &[String]) -> Result<Vec<u16>> {
        let requests: Vec<String> = addresses
            .iter()
            .map(|address| {
                format!("GET /api/v1/conversions HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {address}\r\n\r\n")
            })
            .collect();
        self.0.write_all(requests.concat().as_bytes()).await?;
        let mut statuses = Vec::new();
        for _ in addresses {
            statuses.push(self.answer().await?);
        }
        Ok(statuses)
    }

    async fn answer(&mut self) -> Result<u16> {
        let (mut line, mut status, mut length) = (String::new(), None, 0);
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line).await? > 0, "the connection was closed");
            if let Some(answer) = line.strip_prefix("HTTP/1.1 ") {
                status = Some(answer.get(..3).context("a status")?.parse()?);
            } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse()?;
            } else if line == "\r\n" {
                break;
            }
        }
        self.0.read_exact(&mut vec![0; length]).await?;
        status.context("no status")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_addresses_gives_nobody_a_new_limit() -> Result<()> {
    let _turn = crate::victims::alone().await;
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, _process) = Launch::of("tributary-api", deployment)?
            .env("RATE_LIMIT_PER_IP_PER_MINUTE", "2")
            .env("TRUSTED_PROXIES", "127.0.0.0/8")
            .serve()
            .await?;
        let abusive = vec!["198.51.100.1".to_owned(); 3];
        let began = Instant::now();
        let mut client = Client::to(api).await?;
        ensure!(client.ask(&abusive).await? == [401, 401, 429], "there is no limit");
        let flood = (0..CONNECTIONS).map(async |connection| {
            let mut client = Client::to(api).await?;
            let addresses: Vec<String> = (connection..ADDRESSES)
                .step_by(CONNECTIONS)
                .map(|number| format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255))
                .collect();
            for some in addresses.chunks(AT_ONCE) {
                client.ask(some).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(flood).await?;
        let took = began.elapsed();
        let again = client.ask(&abusive).await?;
        show(format!("after {ADDRESSES} addresses in {took:.1?} one that was refused is answered {again:?}"));
        ensure!(took < WINDOW, "it took {took:?}, longer than a limit's window");
        ensure!(again == [429; 3], "{again:?}");
        Ok(())
    })
    .await
}
