//! Load on an address: as fast as it answers, or at a steady rate.

use super::client::Client;
use super::statistics::Latencies;
use anyhow::ensure;
use bytes::Bytes;
use chrono::Utc;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use stripe::signature;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// An event, signed.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    signature: String,
    /// The body.
    pub(crate) body: Bytes,
}

impl Signed {
    /// As of now, for as long as Stripe's signatures are good: five minutes.
    fn new(secret: &str, body: Bytes) -> Self {
        Self { signature: signature::sign(secret, Utc::now(), &body), body }
    }
}

/// Signs the events of a [`flood`] before its clock runs: it is over long before they are five minutes old.
pub(crate) fn sign(secret: &str, bodies: Vec<Bytes>) -> Vec<Signed> {
    bodies.into_iter().map(|body| Signed::new(secret, body)).collect()
}

/// What a load met.
pub(crate) struct Answered {
    /// How long it took in all.
    pub(crate) took: Duration,
    /// Of the answers that were 2xx.
    pub(crate) latencies: Latencies,
    /// Answers that were not.
    pub(crate) refused: u64,
}

impl Answered {
    /// Answers a second that were 2xx.
    pub(crate) fn rate(&self) -> f64 {
        rate(self.latencies.count(), self.took)
    }
}

/// An event of a steady load that was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    /// Its place in the load.
    pub(crate) number: usize,
    /// When it was to be posted.
    pub(crate) due: Instant,
}

/// So many a second.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a count far below 2^52, for people")]
pub(crate) fn rate(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-9)
}

/// Posts all of them over `connections` connections, each with one request under way: as fast as they are answered.
pub(crate) async fn flood(
    address: SocketAddr,
    path: &str,
    events: Vec<Signed>,
    connections: u16,
) -> anyhow::Result<Answered> {
    let events: Arc<[Signed]> = events.into();
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(address).await?);
    }
    let began = Instant::now();
    let mut posting = JoinSet::new();
    for mut client in clients {
        let (events, next, path) = (Arc::clone(&events), Arc::clone(&next), path.to_owned());
        posting.spawn(async move {
            let (mut latencies, mut refused) = (Latencies::new()?, 0);
            while let Some(event) = events.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = Instant::now();
                let status = client.post(&path, &event.signature, event.body.clone()).await?;
                if status.is_success() {
                    latencies.record(sent.elapsed());
                } else {
                    refused += 1;
                }
            }
            anyhow::Ok((latencies, refused))
        });
    }
    gather(posting, began).await
}

/// Posts one event every `1 / rate` seconds, whether the one before is answered or not. A latency is counted from the
/// time at which its event was due, so that a stall of the service counts for all that had to wait for it. Each is signed
/// when it is sent, so that the load may last longer than a signature.
pub(crate) async fn steady(
    address: SocketAddr,
    path: &str,
    secret: &'static str,
    events: Vec<Bytes>,
    rate: u32,
    connections: u16,
    accepted: Option<&mpsc::UnboundedSender<Accepted>>,
) -> anyhow::Result<Answered> {
    let between = Duration::from_secs(1) / rate.max(1);
    let began = Instant::now() + Duration::from_millis(50);
    let (give, take) = mpsc::channel::<(usize, Instant, Bytes)>(events.len().max(1));
    let take = Arc::new(tokio::sync::Mutex::new(take));
    let mut posting = JoinSet::new();
    for _ in 0..connections {
        let (take, path) = (Arc::clone(&take), path.to_owned());
        let mut client = Client::connect(address).await?;
        let accepted = accepted.cloned();
        posting.spawn(async move {
            let (mut latencies, mut refused) = (Latencies::new()?, 0);
            loop {
                let next = take.lock().await.recv().await;
                let Some((number, due, body)) = next else { return anyhow::Ok((latencies, refused)) };
                let event = Signed::new(secret, body);
                let status = client.post(&path, &event.signature, event.body).await?;
                if status.is_success() {
                    latencies.record(due.elapsed());
                    if let Some(accepted) = &accepted {
                        // Nobody who waits any more needs to know.
                        let _ = accepted.send(Accepted { number, due });
                    }
                } else {
                    refused += 1;
                }
            }
        });
    }
    for (number, event) in events.into_iter().enumerate() {
        let due = began + between * u32::try_from(number).unwrap_or(u32::MAX);
        sleep_until(due).await;
        ensure!(give.send((number, due, event)).await.is_ok(), "every connection of the load failed");
    }
    drop(give);
    gather(posting, began).await
}

/// Asks for each of these paths over `connections` connections.
pub(crate) async fn ask(
    address: SocketAddr,
    key: &str,
    paths: Vec<String>,
    connections: u16,
) -> anyhow::Result<Answered> {
    let paths: Arc<[String]> = paths.into();
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..connections {
        let (paths, next, key) = (Arc::clone(&paths), Arc::clone(&next), key.to_owned());
        let mut client = Client::connect(address).await?;
        asking.spawn(async move {
            let (mut latencies, mut refused) = (Latencies::new()?, 0);
            while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = Instant::now();
                let (status, _) = client.get(path, &key).await?;
                if status.is_success() {
                    latencies.record(sent.elapsed());
                } else {
                    refused += 1;
                }
            }
            anyhow::Ok((latencies, refused))
        });
    }
    gather(asking, began).await
}

async fn gather(
    mut tasks: JoinSet<anyhow::Result<(Latencies, u64)>>,
    began: Instant,
) -> anyhow::Result<Answered> {
    let mut answered = Answered { took: Duration::ZERO, latencies: Latencies::new()?, refused: 0 };
    while let Some(ended) = tasks.join_next().await {
        let (latencies, refused) = ended??;
        answered.latencies.merge(&latencies)?;
        answered.refused += refused;
    }
    answered.took = began.elapsed();
    Ok(answered)
}
