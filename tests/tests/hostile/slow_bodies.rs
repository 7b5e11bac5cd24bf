//! Requests whose body never ends.

use crate::victims::{self, Fared};
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use cli::demo::programme::Entered;
use futures::{FutureExt, future::try_join_all};
use std::{net::SocketAddr, time::Duration};
use tests::{deployment, launch::Launch, stores::Backend};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// How long others ask, before and during.
const TIME: Duration = Duration::from_secs(3);

/// How often at most.
const ATTACKS: usize = 4;

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

/// Lets others ask, alone and beside the attack. What the machine does besides is no part of the figure, so the best of
/// several attacks counts; nobody is turned away in any of them.
async fn measured<A>(attack: impl AsyncFn(SocketAddr, &Entered) -> Result<Vec<A>>) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let (api, _running) = Launch::of("tributary-api", deployment)?.serve().await?;
        let entered = deployment.programme().await?;
        victims::ask(api, &entered, Duration::from_millis(500)).await?;
        let before = victims::ask(api, &entered, TIME).await?;
        before.show("alone");
        let mut best: Option<Fared> = None;
        for _ in 0..ATTACKS {
            let attackers = attack(api, &entered).await?;
            let during = victims::ask(api, &entered, TIME).await?;
            during.show(&format!("beside {} connections", attackers.len()));
            ensure!(during.failed() == 0, "{:?}", during.statuses);
            drop(attackers);
            if during.is_as_good_as(&before) {
                return worker.stop().await;
            }
            best = best.filter(|best| best.times.p99() < during.times.p99()).or(Some(during));
        }
        let best = best.map(|best| best.times.p99()).unwrap_or_default();
        bail!("p99 {best:?} at best, alone {:?}", before.times.p99())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_one_connections_of_two_hundred_open_posts_turn_nobody_away() -> Result<()> {
    measured(async |api, entered| try_join_all((0..21).map(|_| Connection::open(api, entered, 200))).await)
        .await
}

/// HTTP/1.1: a connection each.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_posts_turn_nobody_away() -> Result<()> {
    measured(async |api, entered| {
        let slow = (0..1_000).map(async |_| {
            let mut stream = TcpStream::connect(api).await.context("no connection")?;
            let head = format!(
                "POST /api/v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
                entered.api_key
            );
            stream.write_all(head.as_bytes()).await?;
            anyhow::Ok(stream)
        });
        try_join_all(slow).await
    })
    .await
}
