use crate::support::{Bench, sale};
use queue::envelope::Source;
use store::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A port that nobody listens on.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// The status and body of an answer; nothing while nobody listens.
async fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

#[sqlx::test(migrations = "../migrations")]
async fn a_worker_is_watched_on_an_address_of_its_own(pool: PgPool) {
    let port = free_port().await;
    let mut bench = Bench::with_arguments(pool, &[&format!("--metrics-addr=127.0.0.1:{port}")]).await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.start();
    bench.until("it is ready", async || matches!(get(port, "/readyz").await, Some((200, _)))).await;
    bench.until("the sale is settled", async || bench.payable().await == 980).await;
    assert_eq!(get(port, "/livez").await.unwrap(), (200, r#"{"status":"alive"}"#.to_owned()));
    assert_eq!(get(port, "/elsewhere").await.unwrap().0, 404);
    bench
        .until("the queue's gauges are set", async || {
            get(port, "/metrics").await.unwrap().1.contains("\ntributary_queue_dead_letters_open ")
        })
        .await;
    // Other workers of this process count into the same metrics.
    let (_, text) = get(port, "/metrics").await.unwrap();
    for (name, kind) in [
        ("tributary_worker_ready", "gauge"),
        ("tributary_queue_waiting", "gauge"),
        ("tributary_queue_oldest_age_seconds", "gauge"),
        ("tributary_worker_settled_total", "counter"),
        ("tributary_worker_batch_seconds", "histogram"),
    ] {
        let described =
            text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} {kind}"));
        assert!(described, "{name}: {text}");
    }
    bench.stop().await;
    assert!(get(port, "/livez").await.is_none(), "a worker that stopped answers nobody");
}

#[sqlx::test(migrations = false)]
async fn a_worker_whose_database_lacks_tables_says_what_to_do(pool: PgPool) {
    let port = free_port().await;
    let mut bench = Bench::unprepared(pool, &[&format!("--metrics-addr=127.0.0.1:{port}")]);
    bench.start();
    bench
        .until("it says that it is not ready", async || {
            matches!(get(port, "/readyz").await, Some((503, body)) if body.contains("run `tributary migrate`"))
        })
        .await;
    bench.stop().await;
}
