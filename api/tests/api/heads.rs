//! What is refused before it becomes a request, in the one form that every error has.

use crate::support::{Api, start};
use serde_json::Value;
use std::time::Duration;
use store::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes and reads until the connection is closed.
async fn answers(api: &Api, bytes: &str) -> String {
    let mut stream = TcpStream::connect(api.address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "it was not closed: {bytes:?}");
    String::from_utf8(answer).unwrap()
}

#[track_caller]
fn assert_error(answer: &str, status: u16) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["success"], &body["error"]["status"]), (&false.into(), &status.into()));
    assert!(head.contains(body["error"]["request_id"].as_str().unwrap()), "{answer}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_two_servers_could_read_differently_is_refused(pool: PgPool) {
    let api = start(&pool).await;
    for request in [
        "GET /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /livez HTTP/1.1\nHost: a\n\n",
        "GET /livez HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_error(&answers(&api, request).await, 400);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn too_long_heads_are_refused_in_the_one_form(pool: PgPool) {
    let api = start(&pool).await;
    let long = "x".repeat(100_000);
    assert_error(&answers(&api, &format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")).await, 414);
    assert_error(&answers(&api, &format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n")).await, 431);
    let many = "X: 1\r\n".repeat(200);
    assert_error(&answers(&api, &format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")).await, 431);
}

#[sqlx::test(migrations = "../migrations")]
async fn sound_requests_pass_one_after_another_on_one_connection(pool: PgPool) {
    let api = start(&pool).await;
    let requests = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n\
                    POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\nb\n\
                    POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n\
                    GET /livez HTTP/1.0\r\n\r\n";
    let answer = answers(&api, requests).await;
    let statuses: Vec<&str> = answer.split("HTTP/1.").skip(1).map(|answer| &answer[2..5]).collect();
    assert_eq!(statuses, ["200", "405", "405", "200"], "{answer}");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_answer_says_that_it_is_not_to_be_kept_or_guessed(pool: PgPool) {
    let api = start(&pool).await;
    for path in ["/livez", "/docs", "/api/v1/openapi.json", "/api/v1/conversions", "/nothing"] {
        let answer = api.http.get(api.url(path)).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{path}");
        assert_eq!(header("strict-transport-security"), None, "{path}");
    }
}
