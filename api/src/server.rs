//! The accept loop: TCP or TLS, bounded in connections and in patience, drained on shutdown.
//!
//! axum's own `serve` gives hyper no timer, so a client that sends its headers for ever keeps its
//! connection for ever; here every phase of a connection has its time.

mod patience;
pub(crate) mod tls;

use crate::edge::Edge;
use crate::state::AppState;
use futures::FutureExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use patience::Patience;
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tls::Tls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// A client has this long for a request's headers, and an idle connection for its next request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections at a time; more wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 10_000;

/// An HTTP/2 peer that does not answer a ping is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// What is in flight may take this long after the signal to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Out of file descriptors, most likely: wait for some to be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is cancelled and what is in flight is answered, which takes 5 s at most.
///
/// # Errors
/// When the listener is of no use at all.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    state: AppState,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let background = tokio::spawn({
        let state = state.clone();
        async move { state.background().await }
    });
    tracing::info!(%address, tls = tls.is_some(), "listening");
    let server = Server {
        edge: Arc::new(Edge::new(state.clone(), crate::routes::router(&state))),
        connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        graceful: Arc::new(GracefulShutdown::new()),
        builder: Arc::new(builder()),
        tls,
        state: state.clone(),
    };
    server.accept(&listener, &shutdown).await;
    drop(listener);
    state.health.drain();
    server.drain().await;
    background.abort();
    Ok(())
}

struct Server {
    edge: Arc<Edge>,
    connections: Arc<Semaphore>,
    graceful: Arc<GracefulShutdown>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    tls: Option<Tls>,
    state: AppState,
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

impl Server {
    async fn accept(&self, listener: &TcpListener, shutdown: &CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => return,
                accepted = self.next(listener) => accepted,
            };
            match accepted {
                Ok((stream, peer, permit)) => self.open(stream, peer, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn next(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.connections).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer.ip(), permit))
    }

    /// Serves a connection in a task of its own.
    fn open(&self, stream: TcpStream, peer: IpAddr, permit: tokio::sync::OwnedSemaphorePermit) {
        // Answers are small and whole: holding them back helps nobody. A socket that is closed
        // already shows it soon enough.
        let _ = stream.set_nodelay(true);
        let edge = Arc::clone(&self.edge);
        let builder = Arc::clone(&self.builder);
        let watcher = self.graceful.watcher();
        let tls = self.tls.clone();
        let state = self.state.clone();
        tokio::spawn(async move {
            state.meters.connections.increment(1);
            match tls {
                None => serve_connection(stream, peer, &edge, &builder, watcher).await,
                Some(tls) => match tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve_connection(stream, peer, &edge, &builder, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_elapsed) => tracing::debug!("a TLS handshake took too long"),
                },
            }
            state.meters.connections.decrement(1);
            drop(permit);
        });
    }

    /// Waits until what is in flight is answered.
    async fn drain(self) {
        let Ok(graceful) = Arc::try_unwrap(self.graceful) else { return };
        if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were not answered in time for the shutdown");
        }
    }
}

async fn serve_connection<S>(
    stream: S,
    peer: IpAddr,
    edge: &Arc<Edge>,
    builder: &auto::Builder<TokioExecutor>,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(Patience::new(stream, HEADER_TIMEOUT));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let edge = Arc::clone(edge);
        async move { Ok::<_, Infallible>(edge.handle(peer, request).await) }
    });
    let connection = builder.serve_connection(stream, service);
    // Whatever ended it, there is nobody left to tell.
    if let Err(error) = watcher.watch(connection).boxed().await {
        tracing::debug!(%error, "a connection ended early");
    }
}
