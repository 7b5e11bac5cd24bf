//! Bodies as large as they may be, of strangers, that never end.

use crate::victims;
use anyhow::{Result, ensure};
use futures::future::try_join_all;
use std::time::Duration;
use tests::{deployment, figures::show, launch::Launch, stores::Backend};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// The most memory that the api may take.
const MEMORY: u64 = 256 * 1024 * 1024;

/// One byte is kept back.
const BODY: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_bodies_of_a_mebibyte_are_bounded_together() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let (api, running) = Launch::of("tributary-api", deployment)?.serve().await?;
        let entered = deployment.programme().await?;
        victims::ask(api, &entered, Duration::from_secs(1)).await?;
        let quiet = running.peak_memory()?;
        let forged = format!("t={},v1={}", chrono::Utc::now().timestamp(), "ab".repeat(32));
        for signature in ["", forged.as_str()] {
            let signed = if signature.is_empty() {
                String::new()
            } else {
                format!("Stripe-Signature: {signature}\r\n")
            };
            let post = |_| {
                let head = format!(
                    "POST {} HTTP/1.1\r\nHost: a\r\n{signed}Content-Length: {BODY}\r\n\r\n",
                    entered.webhook_path
                );
                async move {
                    let mut stream = TcpStream::connect(api).await?;
                    stream.write_all(head.as_bytes()).await?;
                    // Whoever is refused may find the connection closed.
                    let body = vec![b' '; BODY - 1];
                    let _ = tokio::time::timeout(Duration::from_secs(10), stream.write_all(&body)).await;
                    anyhow::Ok(stream)
                }
            };
            let (streams, others) = tokio::join!(
                try_join_all((0..300).map(post)),
                victims::ask(api, &entered, Duration::from_secs(3))
            );
            let (streams, others) = (streams?, others?);
            others.show(if signature.is_empty() { "beside unsigned bodies" } else { "beside forged bodies" });
            ensure!(others.failed() == 0, "{:?}", others.statuses);
            drop(streams);
        }
        let peak = running.peak_memory()?;
        show(format!("memory: {} MiB before, {} MiB at most", quiet >> 20, peak >> 20));
        ensure!(peak <= MEMORY, "{peak} bytes");
        worker.stop().await
    })
    .await
}
