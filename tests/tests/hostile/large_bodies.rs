//! Bodies as large as they may be, of strangers, that never end.

use crate::victims::{ask, beside};
use anyhow::{Result, ensure};
use cli::demo::programme::Entered;
use futures::future::try_join_all;
use std::{net::SocketAddr, time::Duration};
use tests::launch::Launch;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// The most memory that the api may take.
const MEMORY: u64 = 256 << 20;

/// One byte is kept back.
const BODY: usize = 1 << 20;

/// As many as were tried.
const BODIES: usize = 300;

/// While they come the api is busy taking them, which is no wait without a bound.
const COMING: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// Sends all of a body but its last byte; the connection stays.
async fn send(api: SocketAddr, path: &str, signature: Option<&str>) -> Result<TcpStream> {
    let signature =
        signature.map(|signature| format!("Stripe-Signature: {signature}\r\n")).unwrap_or_default();
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\n{signature}Content-Length: {BODY}\r\n\r\n");
    let mut stream = TcpStream::connect(api).await?;
    stream.write_all(head.as_bytes()).await?;
    // Whoever is refused may find the connection closed, or nobody who reads.
    let body = vec![b' '; BODY - 1];
    let _ = tokio::time::timeout(LONGEST, stream.write_all(&body)).await;
    Ok(stream)
}

async fn are_bounded_together(signature: Option<&str>) -> Result<()> {
    beside(
        async |deployment| Launch::of("tributary-api", deployment),
        async |api, entered: &Entered| {
            let bodies = (0..BODIES).map(|_| send(api, &entered.webhook_path, signature));
            let (bodies, others) = tokio::join!(try_join_all(bodies), ask(api, entered, COMING));
            let others = others?;
            others.show("while the bodies come");
            ensure!(others.failed() == 0, "{:?}", others.statuses);
            ensure!(others.times.longest() <= LONGEST, "{:?}", others.times.longest());
            bodies
        },
        |api| api.within_memory("with large bodies", MEMORY),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_unsigned_bodies_of_a_mebibyte_are_bounded_together() -> Result<()> {
    are_bounded_together(None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_forged_bodies_of_a_mebibyte_are_bounded_together() -> Result<()> {
    let forged = format!("t={},v1={}", chrono::Utc::now().timestamp(), "ab".repeat(32));
    are_bounded_together(Some(&forged)).await
}
