//! Clients that ask and never take the answer.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::FutureExt;
use std::{net::SocketAddr, time::Instant};
use tests::{deployment, figures::show, launch::Launch, stores::Backend, stripe, wait::until};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// Long enough to fill every buffer between here and there several times.
const ASKED: usize = 200;

/// A metric without labels.
async fn metric(api: SocketAddr, name: &str) -> Result<f64> {
    let text = stripe::client()?.get(format!("http://{api}/metrics")).send().await?.text().await?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.with_context(|| format!("no {name}"))?.parse()?)
}

async fn until_closed(api: SocketAddr, what: &str) -> Result<()> {
    let began = Instant::now();
    until("the connections are closed", async || {
        let open = metric(api, "tributary_http_connections").await?;
        // The one that asks.
        ensure!(open <= 1.0, "{open} are open");
        Ok(())
    })
    .await?;
    show(format!("{what}: closed after {:?}", began.elapsed()));
    ensure!(began.elapsed().as_secs() < 10, "it took {:?}", began.elapsed());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_is_let_go() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, _running) = Launch::of("tributary-api", deployment)?.serve().await?;
        let mut stream = TcpStream::connect(api).await?;
        let request = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(ASKED);
        stream.write_all(request.as_bytes()).await?;
        until_closed(api, "HTTP/1.1").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_no_window_is_let_go() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, _running) = Launch::of("tributary-api", deployment)?.serve().await?;
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(0);
        let (mut send, connection) = builder.handshake::<_, Bytes>(TcpStream::connect(api).await?).await?;
        let _connection = tokio::spawn(connection.map(drop));
        let mut answers = Vec::new();
        for _ in 0..20 {
            send = send.ready().await?;
            let request = http::Request::get(format!("http://{api}/api/v1/openapi.json")).body(())?;
            answers.push(send.send_request(request, true)?);
        }
        until_closed(api, "HTTP/2").await?;
        drop(answers);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_is_counted_no_more() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, _running) = Launch::of("tributary-api", deployment)?.serve().await?;
        let entered = deployment.programme().await?;
        for number in 0..20 {
            let mut stream = TcpStream::connect(api).await?;
            let body = format!(r#"{{"type":"signup","email":"{number}@buyer.example"}}"#);
            let request = format!(
                "POST /api/v1/conversions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nPrefer: wait=4\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                entered.api_key,
                body.len()
            );
            stream.write_all(request.as_bytes()).await?;
            until("it is worked on", async || {
                ensure!(deployment.queued_in_database().await? > number, "not yet");
                Ok(())
            })
            .await?;
        }
        until("nothing is in flight", async || {
            let in_flight = metric(api, "tributary_http_requests_in_flight").await?;
            ensure!(in_flight.abs() < 0.5, "{in_flight} are in flight");
            Ok(())
        })
        .await?;
        show("20 clients hung up: 0 requests in flight");
        sqlx::query("DELETE FROM queue_messages").execute(&deployment.pool).await?;
        Ok(())
    })
    .await
}
