//! A TCP proxy in front of a server whose host may vanish without a word: nothing is refused, nothing is closed, nothing
//! arrives any more.

use anyhow::{Context, Result};
use std::{net::SocketAddr, sync::Arc};
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
    silent: Arc<watch::Sender<bool>>,
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
        let silent = Arc::new(watch::Sender::new(false));
        let shared = Arc::clone(&silent);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(join(near, server, shared.subscribe()));
            }
        });
        Ok(Self { url: url.replacen(host, &here.to_string(), 1), silent })
    }

    /// The URL that leads through the wire.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on nothing arrives, in either direction.
    pub fn silence(&self) {
        self.silent.send_replace(true);
    }

    /// What is sent from now on arrives again. Connections of before stay silent, as after a host came back that knows
    /// nothing of them and whose packets do not.
    pub fn mend(&self) {
        self.silent.send_replace(false);
    }
}

async fn join(near: TcpStream, server: SocketAddr, mut silent: watch::Receiver<bool>) {
    // Who connects to a silent host waits, also beyond its return: the packets were lost.
    if *silent.borrow_and_update() {
        return std::future::pending().await;
    }
    let Ok(far) = TcpStream::connect(server).await else { return };
    // Else a small frame waits up to 40 ms for the acknowledgement of the last.
    if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
        return;
    }
    let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
    let carried = async {
        tokio::select! {
            () = carry(near_reads, far_writes) => {}
            () = carry(far_reads, near_writes) => {}
        }
    };
    tokio::pin!(carried);
    let silenced = async move { silent.wait_for(|silent| *silent).await.is_ok() };
    let silenced = tokio::select! {
        () = &mut carried => false,
        silenced = silenced => silenced,
    };
    if silenced {
        // The sockets stay open, with nobody who carries between them: neither end is told anything.
        std::future::pending::<()>().await;
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if to.write_all(buffer.get(..n).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}
