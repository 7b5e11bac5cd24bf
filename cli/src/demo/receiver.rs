//! Somebody who is notified of what the demo does: a small HTTP server that checks signatures.

use anyhow::{Context, bail, ensure};
use chrono::DateTime;
use notify::Secret;
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
/// No notification is as long.
const LONGEST: usize = 64 * 1024;

/// Every notification by its place in the sequence.
type Received = Arc<Mutex<BTreeMap<i64, Value>>>;

/// A receiver on this machine, until it is dropped.
pub(crate) struct Receiver {
    listener: TcpListener,
    address: SocketAddr,
}

impl Receiver {
    /// Listens on a free port.
    pub(crate) async fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Where it is posted to.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Takes what is signed with this secret.
    pub(crate) fn start(self, secret: Secret) -> Inbox {
        let url = self.url();
        let received = Received::default();
        let of_all = Arc::clone(&received);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = self.listener.accept().await {
                let (secret, received) = (secret.clone(), Arc::clone(&of_all));
                tokio::spawn(async move {
                    if let Err(error) = serve(stream, &secret, &received).await {
                        tracing::debug!(%error, "the demo's receiver");
                    }
                });
            }
        });
        Inbox { url, received, task }
    }
}

/// What came.
pub(crate) struct Inbox {
    url: String,
    received: Received,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inbox {
    /// Waits until all up to this place in the sequence have come.
    pub(crate) async fn all(&self, last: i64) -> anyhow::Result<Notified> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            {
                let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
                if i64::try_from(received.len()).unwrap_or_default() >= last {
                    let newest = received.values().rev().find(|it| it.get("delta").is_some());
                    return Ok(Notified {
                        url: self.url.clone(),
                        received: received.len(),
                        example: newest.or(received.values().next_back()).cloned(),
                    });
                }
            }
            ensure!(Instant::now() < deadline, "the notifications did not come in time");
            sleep(LOOK).await;
        }
    }
}

/// What the demo shows of it.
#[derive(Serialize)]
pub(crate) struct Notified {
    url: String,
    received: usize,
    example: Option<Value>,
}

impl fmt::Display for Notified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, received, example } = self;
        write!(f, "{received} notifications came to {url}, each with its signature checked.")?;
        let Some(example) = example else { return Ok(()) };
        let text = |pointer: &str| example.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        write!(
            f,
            " Number {}: {}, {} {} for {}.",
            example["sequence"],
            text("/event"),
            example["delta"],
            text("/currency").to_uppercase(),
            text("/referrer/email"),
        )
    }
}

async fn serve(mut stream: TcpStream, secret: &Secret, received: &Received) -> anyhow::Result<()> {
    let mut buffer = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut buffer).await? {
        let status = match check(&head, &body, secret) {
            Ok((sequence, body)) => {
                received.lock().unwrap_or_else(PoisonError::into_inner).insert(sequence, body);
                204
            }
            Err(_) => 400,
        };
        stream.write_all(format!("HTTP/1.1 {status} .\r\nContent-Length: 0\r\n\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The place of a notification and the notification, when its signature is right.
fn check(head: &str, body: &[u8], secret: &Secret) -> anyhow::Result<(i64, Value)> {
    let at = header(head, "webhook-timestamp").context("no time")?.parse()?;
    let at = DateTime::from_timestamp(at, 0).context("no time")?;
    let id = header(head, "webhook-id").context("no id")?;
    let made = notify::sign(std::slice::from_ref(secret), id, at, body).context("no secret")?;
    let is_signed = header(head, "webhook-signature") == Some(&made.signature)
        && header(head, "x-refgrow-signature") == Some(&made.refgrow);
    ensure!(is_signed, "the signature is wrong");
    let body: Value = serde_json::from_slice(body)?;
    Ok((body["sequence"].as_i64().context("no sequence")?, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(key, value)| (key, value.trim()))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|it| it.1)
}

/// The head and the body of the next request of a connection.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).into_owned();
            let length: usize = header(&head, "content-length").context("no length")?.parse()?;
            let begin = end.saturating_add(4);
            let whole = begin.saturating_add(length);
            if let Some(body) = buffer.get(begin..whole) {
                let body = body.to_vec();
                buffer.drain(..whole);
                return Ok(Some((head, body)));
            }
        }
        if buffer.len() > LONGEST {
            bail!("too long");
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
