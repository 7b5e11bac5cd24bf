//! The wire between the program and the broker: it can be cut, mended, and put to sleep.

use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What the wire does to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// New connections are closed at once.
    Cut,
    /// What the broker says does not arrive.
    Deaf,
}

/// The wire now, and how often it was cut: a connection breaks even if the wire is mended at once.
#[derive(Clone, Copy, Debug)]
struct Line {
    state: State,
    cuts: u64,
}

/// A TCP proxy in front of the broker. It ends with the runtime of its test.
pub(crate) struct Wire {
    url: String,
    line: Arc<watch::Sender<Line>>,
    sent: Arc<AtomicU64>,
}

impl Wire {
    /// A wire to the broker of an AMQP URL.
    pub(super) async fn to(url: &str) -> Result<Self> {
        let uri: lapin::uri::AMQPUri = url.parse().map_err(anyhow::Error::msg)?;
        let broker = (uri.authority.host, uri.authority.port);
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let here = listener.local_addr()?;
        let line = Arc::new(watch::Sender::new(Line { state: State::Whole, cuts: 0 }));
        let shared = Arc::clone(&line);
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (broker, line, counter) = (broker.clone(), shared.subscribe(), Arc::clone(&counter));
                let Line { state, cuts } = *line.borrow();
                tokio::spawn(async move {
                    if state != State::Cut
                        && let Ok(far) = TcpStream::connect(broker).await
                        // Else a small frame waits up to 40 ms for the acknowledgement of the last.
                        && near.set_nodelay(true).is_ok()
                        && far.set_nodelay(true).is_ok()
                    {
                        join(near, far, line, cuts, &counter).await;
                    }
                });
            }
        });
        Ok(Self { url: replace_address(url, here)?, line, sent })
    }

    /// The AMQP URL that leads through the wire.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// How many bytes the program has sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn cut(&self) {
        self.line.send_modify(|line| *line = Line { state: State::Cut, cuts: line.cuts + 1 });
    }

    pub(crate) fn deafen(&self) {
        self.line.send_modify(|line| line.state = State::Deaf);
    }

    pub(crate) fn mend(&self) {
        self.line.send_modify(|line| line.state = State::Whole);
    }
}

/// Carries bytes both ways until one end closes or the wire is cut.
async fn join(near: TcpStream, far: TcpStream, line: watch::Receiver<Line>, cuts: u64, sent: &AtomicU64) {
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    let mut cut = line.clone();
    tokio::select! {
        () = speak(near_reads, far_writes, sent) => {}
        () = listen(far_reads, near_writes, line) => {}
        _ = cut.wait_for(|line| line.cuts > cuts) => {}
    }
}

async fn speak(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, sent: &AtomicU64) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        sent.fetch_add(u64::try_from(n).unwrap_or_default(), Ordering::Relaxed);
        if to.write_all(buffer.get(..n).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}

async fn listen(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if line.wait_for(|line| line.state != State::Deaf).await.is_err()
            || to.write_all(buffer.get(..n).unwrap_or_default()).await.is_err()
        {
            return;
        }
    }
}

fn replace_address(url: &str, address: SocketAddr) -> Result<String> {
    let (scheme, rest) = url.split_once("://").context("an AMQP URL")?;
    let (authority, path) = rest.split_once('/').map_or((rest, "%2f"), |(authority, path)| (authority, path));
    let user = authority.rsplit_once('@').map_or_else(String::new, |(user, _)| format!("{user}@"));
    Ok(format!("{scheme}://{user}{address}/{path}"))
}
