//! The accept loop.

use crate::support::{Api, Setup, project, start, worker};
use api::Tls;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::PgPool;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

#[sqlx::test(migrations = "../migrations")]
async fn a_client_that_sends_nothing_is_let_go(pool: PgPool) {
    let api = start(&pool).await;
    for beginning in ["", "PRI * HTTP", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(8), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{beginning:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_in_flight_is_answered_before_it_stops(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let waiting = tokio::spawn({
        let request = api.http.post(api.url("/api/v1/conversions")).bearer_auth(&project.key);
        let request = request
            .header("Content-Type", "application/json")
            .header("Prefer", "wait=4")
            .body(r#"{"amount": 10}"#);
        async move { request.send().await.unwrap().status() }
    });
    while crate::support::queued(&pool).await.is_empty() {
        tokio::task::yield_now().await;
    }
    api.shutdown.cancel();
    while TcpStream::connect(api.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let _worker = worker(&pool);
    assert_eq!(waiting.await.unwrap(), 201);
}

/// Many clients send the headers first and the body after them, whatever came in between.
#[sqlx::test(migrations = "../migrations")]
async fn who_is_refused_by_the_headers_may_still_send_the_body_and_goes_on(pool: PgPool) {
    let api = start(&pool).await;
    let mut stream = TcpStream::connect(api.address).await.unwrap();
    let body = vec![b' '; 100_000];
    let head = format!(
        "POST /api/v1/conversions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    for _ in 0..3 {
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        while !answer.contains("request_id") {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            assert!(read > 0, "the connection was closed: {answer}");
            answer.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        stream.write_all(&body).await.unwrap();
    }
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What is answered to somebody who trusts one certificate.
async fn over_tls(api: &Api, certificate: &Path) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(api.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[sqlx::test(migrations = "../migrations")]
async fn it_speaks_tls_and_says_that_it_always_will(pool: PgPool) {
    let tls = Tls::from_files(&data("localhost.crt"), &data("localhost.key")).unwrap();
    let api = Setup { tls: Some(tls), ..Setup::new(&pool) }.start().await;
    let answer = over_tls(&api, &data("localhost.crt")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("strict-transport-security: max-age="), "{answer}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not(pool: PgPool) {
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("server.crt"), files.path().join("server.key"));
    let put = |name: &str| {
        std::fs::copy(data(&format!("{name}.key")), &key).unwrap();
        std::fs::copy(data(&format!("{name}.crt")), &certificate).unwrap();
    };
    put("localhost");
    let tls = Tls::from_files(&certificate, &key).unwrap();
    let api = Setup { tls: Some(tls), ..Setup::new(&pool) }.start().await;
    assert!(over_tls(&api, &data("localhost.crt")).await.is_ok());
    assert!(over_tls(&api, &data("renewed.crt")).await.is_err());

    std::fs::write(&certificate, "no certificate").unwrap();
    put("renewed");
    let renewed = async {
        while over_tls(&api, &data("renewed.crt")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.unwrap();
}

#[test]
fn a_missing_certificate_is_named() {
    let missing = PathBuf::from("/nowhere/server.crt");
    let error = Tls::from_files(&missing, &missing).err().unwrap();
    assert!(error.to_string().contains("/nowhere/server.crt"));
}
