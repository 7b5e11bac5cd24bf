//! Requests whose body never ends.

use crate::victims::beside;
use anyhow::{Context, Result};
use bytes::Bytes;
use cli::demo::programme::Entered;
use futures::{FutureExt, future::try_join_all};
use std::{net::SocketAddr, time::Duration};
use tests::launch::Launch;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// One HTTP/2 connection with as many open requests as it is let, their bodies a byte each and no end.
struct Connection {
    _streams: Vec<h2::SendStream<Bytes>>,
    task: tokio::task::JoinHandle<()>,
}

impl Connection {
    async fn open(api: SocketAddr, entered: &Entered, streams: usize) -> Result<Self> {
        let (mut send, connection) = h2::client::handshake(TcpStream::connect(api).await?).await?;
        let task = tokio::spawn(connection.map(drop));
        let mut open = Vec::new();
        for number in 0..streams {
            let Ok(ready) = tokio::time::timeout(Duration::from_millis(200), send.clone().ready()).await
            else {
                break;
            };
            send = ready?;
            let path = if number % 2 == 0 { "/api/v1/conversions" } else { entered.webhook_path.as_str() };
            let signature = format!("t={},v1={}", chrono::Utc::now().timestamp(), "ab".repeat(32));
            let request = http::Request::post(format!("http://{api}{path}"))
                .header("authorization", format!("Bearer {}", entered.api_key))
                .header("content-type", "application/json")
                .header("stripe-signature", signature)
                .body(())?;
            let (_, mut body) = send.send_request(request, false)?;
            body.send_data(Bytes::from_static(b"{"), false)?;
            open.push(body);
        }
        Ok(Self { _streams: open, task })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_one_connections_of_two_hundred_open_posts_turn_nobody_away() -> Result<()> {
    beside(
        async |deployment| Launch::of("tributary-api", deployment),
        async |api, entered| try_join_all((0..21).map(|_| Connection::open(api, entered, 200))).await,
        |_| Ok(()),
    )
    .await
}

/// HTTP/1.1: a connection each.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_posts_turn_nobody_away() -> Result<()> {
    let slow = async |api, entered: &Entered| {
        let mut stream = TcpStream::connect(api).await.context("no connection")?;
        let head = format!(
            "POST /api/v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
            entered.api_key
        );
        stream.write_all(head.as_bytes()).await?;
        anyhow::Ok(stream)
    };
    beside(
        async |deployment| Launch::of("tributary-api", deployment),
        async |api, entered| try_join_all((0..1_000).map(|_| slow(api, entered))).await,
        |_| Ok(()),
    )
    .await
}
