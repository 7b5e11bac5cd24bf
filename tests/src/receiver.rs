//! Somebody who is notified: a small HTTP server that may be slow, fail, or hang up after it has taken something.

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

/// What it does with what comes.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// 204.
    Takes,
    /// 500.
    Fails,
    /// No answer for so long.
    Hangs(Duration),
    /// One in three: 500, or takes it and hangs up without an answer.
    AtRandom,
}

/// What came, once for each id.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The body.
    pub body: Value,
    /// When it came first.
    pub at: Instant,
}

/// A receiver. It ends with the runtime of its test.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Manner,
    chance: Mutex<StdRng>,
    taken: Mutex<BTreeMap<String, Arrival>>,
    requests: Mutex<u64>,
}

impl Receiver {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(manner: Manner, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            manner,
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            taken: Mutex::default(),
            requests: Mutex::default(),
        });
        let of_all = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&of_all);
                // Whoever hangs up has what it wanted.
                tokio::spawn(async move { drop(shared.serve(stream).await) });
            }
        });
        Ok(Self { address, shared })
    }

    /// Where it is posted to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// Everything that it took, by id.
    #[must_use]
    pub fn taken(&self) -> BTreeMap<String, Arrival> {
        lock(&self.shared.taken).clone()
    }

    /// How many requests came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        *lock(&self.shared.requests)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        let mut buffer = Vec::new();
        loop {
            let Some(body) = request(&mut stream, &mut buffer).await? else { return Ok(()) };
            *lock(&self.requests) += 1;
            let (take, answer) = match self.manner {
                Manner::Takes => (true, Some(204)),
                Manner::Fails => (false, Some(500)),
                Manner::Hangs(length) => {
                    tokio::time::sleep(length).await;
                    (true, Some(204))
                }
                Manner::AtRandom => match lock(&self.chance).random_range(0..6) {
                    0 => (false, Some(500)),
                    1 => (true, None),
                    _ => (true, Some(204)),
                },
            };
            if take {
                let body: Value = serde_json::from_slice(&body)?;
                let id = body["id"].as_str().context("no id")?.to_owned();
                lock(&self.taken).entry(id).or_insert(Arrival { body, at: Instant::now() });
            }
            match answer {
                Some(status) => {
                    let head = format!("HTTP/1.1 {status} .\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(head.as_bytes()).await?;
                }
                None => return Ok(()),
            }
        }
    }
}

/// The body of the next request of a connection; `None` when there is none.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.context("no length")?.trim().parse()?;
            let begin = end.saturating_add(4);
            let whole = begin.saturating_add(length);
            if let Some(body) = buffer.get(begin..whole) {
                let body = body.to_vec();
                buffer.drain(..whole);
                return Ok(Some(body));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
