//! A TCP proxy in front of a server. Its host may vanish without a word: nothing is refused, nothing is closed, nothing
//! arrives any more. Or its connections are cut, at any moment or at one that is waited for.

use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// The proxy. It ends with the runtime of its test.
pub struct Wire {
    url: String,
    state: Arc<State>,
}

/// Bytes at which a wire is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The server gets them, and its answer never arrives.
    Sent(&'static [u8]),
    /// The server sent them, and they never arrive.
    Answered(&'static [u8]),
}

struct State {
    silent: watch::Sender<bool>,
    /// How often it was cut.
    cuts: watch::Sender<u64>,
    awaited: Mutex<Option<Moment>>,
}

impl State {
    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    fn awaited(&self) -> std::sync::MutexGuard<'_, Option<Moment>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is the moment, which comes once.
    fn is_it(&self, chunk: &[u8], way: Way) -> bool {
        let mut awaited = self.awaited();
        let ((Some(Moment::Sent(bytes)), Way::There) | (Some(Moment::Answered(bytes)), Way::Back)) =
            (*awaited, way)
        else {
            return false;
        };
        let found = chunk.windows(bytes.len()).any(|window| window == bytes);
        if found {
            *awaited = None;
        }
        found
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

impl Wire {
    /// A wire to the server of a URL with a host and a port.
    ///
    /// # Errors
    /// When the URL names neither, or no port is free.
    pub async fn to(url: &str) -> Result<Self> {
        let start = url.find("://").context("a URL")?.saturating_add(3);
        let rest = url.get(start..).unwrap_or_default();
        let end = rest.find('/').unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let server: SocketAddr = host.parse().context("an address with a port")?;
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let here = listener.local_addr()?;
        let state = Arc::new(State {
            silent: watch::Sender::new(false),
            cuts: watch::Sender::new(0),
            awaited: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(join(near, server, Arc::clone(&shared)));
            }
        });
        Ok(Self { url: url.replacen(host, &here.to_string(), 1), state })
    }

    /// The URL that leads through the wire.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on nothing arrives, in either direction.
    pub fn silence(&self) {
        self.state.silent.send_replace(true);
    }

    /// What is sent from now on arrives again. Connections of before stay silent, as after a host came back that knows
    /// nothing of them and whose packets do not.
    pub fn mend(&self) {
        self.state.silent.send_replace(false);
    }

    /// Every connection is closed now; new ones are carried.
    pub fn cut(&self) {
        self.state.cut();
    }

    /// Every connection is closed when this moment comes.
    pub fn cut_at(&self, moment: Moment) {
        *self.state.awaited() = Some(moment);
    }

    /// Whether the moment has come, or none is awaited.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.state.awaited().is_none()
    }
}

async fn join(near: TcpStream, server: SocketAddr, state: Arc<State>) {
    let (mut silent, mut cuts) = (state.silent.subscribe(), state.cuts.subscribe());
    // Who connects to a silent host waits, also beyond its return: the packets were lost.
    if *silent.borrow_and_update() {
        return std::future::pending().await;
    }
    cuts.mark_unchanged();
    let Ok(far) = TcpStream::connect(server).await else { return };
    // Else a small frame waits up to 40 ms for the acknowledgement of the last.
    if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
        return;
    }
    let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
    let carried = async {
        tokio::select! {
            () = carry(near_reads, far_writes, &state, Way::There) => {}
            () = carry(far_reads, near_writes, &state, Way::Back) => {}
        }
    };
    tokio::pin!(carried);
    let silenced = async { silent.wait_for(|silent| *silent).await.is_ok() };
    let silenced = tokio::select! {
        () = &mut carried => false,
        _ = cuts.changed() => false,
        silenced = silenced => silenced,
    };
    if silenced {
        // The sockets stay open, with nobody who carries between them: neither end is told anything.
        std::future::pending::<()>().await;
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State, way: Way) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let chunk = buffer.get(..n).unwrap_or_default();
        let is_it = state.is_it(chunk, way);
        if is_it && way == Way::Back {
            return state.cut();
        }
        if to.write_all(chunk).await.is_err() {
            return;
        }
        if is_it {
            return state.cut();
        }
    }
}
