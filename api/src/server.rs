//! The accept loop: TCP or TLS, bounded in connections and in patience, drained on shutdown.
//!
//! ```text
//! accept ─▶ connections (who may stay) ─▶ tls ─▶ stream (heads, writes) ─▶ hyper ─▶ edge ─▶ outgoing (the answer)
//! ```
//!
//! axum's own `serve` gives hyper no timer, so a client that sends its headers for ever keeps its
//! connection for ever; here every phase of a connection has its time.

mod connections;
mod heads;
mod outgoing;
mod refusal;
mod stream;
pub(crate) mod tls;

use crate::edge::Edge;
use crate::metrics::Counted;
use crate::state::AppState;
use common::config::ConnectionArgs;
use connections::{Connection, Connections, Times};
use heads::MAX_HEAD;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use outgoing::Outgoing;
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tls::Tls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A client has this long for a request's head, and for a TLS handshake.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// A client has this long to take the next part of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections at a time, where the process may open as many; for more, those that wait longest for nothing have to go.
const MAX_CONNECTIONS: usize = 10_000;

/// Requests of one HTTP/2 connection at a time. What a proxy needs, and too few to matter.
const MAX_STREAMS: u32 = 100;

/// What an HTTP/2 peer may send before it is read: of one request, and of a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// Of one HTTP/2 answer that waits for its client.
const SEND_BUFFER: usize = 64 * 1024;

/// An HTTP/2 peer that does not answer a ping is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// What is in flight may take this long after the end of listening.
const DRAIN: Duration = Duration::from_secs(5);

/// Out of file descriptors, most likely: wait for some to be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is cancelled. Then `/readyz` says `draining` for as long as `settings` want, nobody listens
/// any more, and what is in flight is answered, which takes 5 s at most.
///
/// # Errors
/// When the listener is of no use at all.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    state: AppState,
    settings: &ConnectionArgs,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let background = tokio::spawn({
        let state = state.clone();
        async move { Box::pin(crate::background::run(&state)).await }
    });
    let times = Times { head: HEADER_TIMEOUT, idle: settings.keep_alive(), write: WRITE_TIMEOUT };
    let most = MAX_CONNECTIONS.min(common::process::connections_allowed());
    tracing::info!(%address, tls = tls.is_some(), "listening");
    let server = Server {
        edge: Arc::new(Edge::new(state.clone(), crate::routes::routes(&state), tls.is_some())),
        connections: Arc::new(Connections::new(most, times)),
        builder: Arc::new(builder()),
        tls,
        state: state.clone(),
    };
    let watch = async {
        match &server.tls {
            Some(tls) => tokio::join!(server.connections.watch(), tls.watch()).0,
            None => server.connections.watch().await,
        }
    };
    let serving = async {
        let told = async {
            shutdown.cancelled().await;
            state.health.drain();
            tokio::time::sleep(settings.drain()).await;
        };
        tokio::select! {
            () = told => {}
            () = server.accept(&listener) => {}
        }
        drop(listener);
        if tokio::time::timeout(DRAIN, server.connections.finish()).await.is_err() {
            tracing::warn!("some requests were not answered in time for the shutdown");
        }
    };
    tokio::select! {
        () = serving => {}
        () = watch => {}
    }
    background.abort();
    Ok(())
}

struct Server {
    edge: Arc<Edge>,
    connections: Arc<Connections>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    tls: Option<Tls>,
    state: AppState,
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // How long a head may take is `connections`' to say; how long it may be, that of `heads`, a little before this.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(2 * MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(MAX_HEAD.try_into().unwrap_or(u32::MAX));
    builder
}

impl Server {
    /// Never returns.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            self.connections.room().await;
            match listener.accept().await {
                Ok((stream, peer)) => self.open(stream, peer.ip()),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves a connection in a task of its own.
    fn open(&self, stream: TcpStream, peer: IpAddr) {
        // Answers are small and whole: holding them back helps nobody. A socket that is closed
        // already shows it soon enough.
        let _ = stream.set_nodelay(true);
        let entered = self.connections.enter();
        let counted = Counted::one(&self.state.meters.connections);
        let (edge, builder, tls) = (Arc::clone(&self.edge), Arc::clone(&self.builder), self.tls.clone());
        tokio::spawn(async move {
            let _counted = counted;
            let connection = &entered.connection;
            let served = async {
                let Some(tls) = tls else {
                    return serve_connection(stream, peer, &edge, &builder, connection).await;
                };
                match tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve_connection(stream, peer, &edge, &builder, connection).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_elapsed) => tracing::debug!("a TLS handshake took too long"),
                }
            };
            tokio::select! {
                () = served => {}
                () = connection.closing() => tracing::debug!("a connection had to go"),
            }
        });
    }
}

async fn serve_connection<S>(
    stream: S,
    peer: IpAddr,
    edge: &Arc<Edge>,
    builder: &auto::Builder<TokioExecutor>,
    connection: &Arc<Connection>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(Stream::new(stream, Arc::clone(connection)));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (edge, open) = (Arc::clone(edge), connection.begin());
        async move {
            let response = edge.handle(peer, request).await;
            Ok::<_, Infallible>(response.map(|body| Outgoing::new(body, open)))
        }
    });
    let mut serving = pin!(builder.serve_connection(stream, service));
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = connection.finishing() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    // Whatever ended it, there is nobody left to tell.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
