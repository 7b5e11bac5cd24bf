//! A connection's bytes on their way to hyper and back: heads are watched, and so is whether the client takes what is
//! written.

use super::connections::Connection;
use super::heads::{At, Heads};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Who takes less than this in the time for writing is as good as gone.
const PROGRESS: usize = 16 * 1024;

/// A stream whose connection is told what comes and goes.
pub(super) struct Stream<S> {
    inner: S,
    connection: Arc<Connection>,
    heads: Heads,
    /// What is answered below HTTP, as far as it is not written yet; then nothing is read any more.
    refusing: Option<Vec<u8>>,
    /// Since when something waits to be taken.
    blocked: Option<Instant>,
    /// Bytes taken since then.
    taken: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self { inner: stream, connection, heads: Heads::new(), refusing: None, blocked: None, taken: 0 }
    }

    /// Looks at what has come; whether hyper may have it.
    fn see(&mut self, came: &[u8]) -> bool {
        let before = self.heads.at();
        if let Err(refusal) = self.heads.see(came) {
            tracing::debug!(?refusal, "a connection sent what is no request");
            self.refusing = Some(refusal.answer());
            // What is left of it has to come, and its sender to go, as soon as a head.
            self.connection.head_has_begun();
            return false;
        }
        match (before, self.heads.at()) {
            (At::Head, At::Http2) => self.connection.speaks_http_2(),
            (_, At::Head) => self.connection.head_has_begun(),
            (_, At::Elsewhere | At::Http2) => {}
        }
        true
    }

    /// Writes the refusal, then ends the connection.
    fn refuse(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(answer) = self.refusing.as_mut().filter(|answer| !answer.is_empty()) {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, answer))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            answer.drain(..written);
        }
        ready!(Pin::new(&mut self.inner).poll_flush(context))?;
        ready!(Pin::new(&mut self.inner).poll_shutdown(context))?;
        // Closed with something unread, the connection would be reset, and the answer with it.
        let mut scratch = [0; 4096];
        loop {
            let mut unread = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.inner).poll_read(context, &mut unread))?;
            if unread.filled().is_empty() {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "what came was no request",
                )));
            }
        }
    }

    /// Notes what became of a write or a flush.
    fn note<T>(&mut self, outcome: &Poll<io::Result<T>>, taken: usize, is_all: bool) {
        self.taken = self.taken.saturating_add(taken);
        let blocked = match outcome {
            Poll::Pending if self.blocked.is_none() => Some(Instant::now()),
            Poll::Ready(_) if is_all => None,
            _ if self.blocked.is_some() && self.taken >= PROGRESS => Some(Instant::now()),
            Poll::Pending | Poll::Ready(_) => return,
        };
        (self.blocked, self.taken) = (blocked, 0);
        self.connection.is_blocked(blocked);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.refusing.is_some() {
            return self.refuse(context);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if self.see(buffer.filled().get(before..).unwrap_or_default()) {
            return Poll::Ready(Ok(()));
        }
        buffer.set_filled(before);
        self.refuse(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        let taken = if let Poll::Ready(Ok(taken)) = &written { *taken } else { 0 };
        self.note(&written, taken, false);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, bytes);
        let taken = if let Poll::Ready(Ok(taken)) = &written { *taken } else { 0 };
        self.note(&written, taken, false);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        // Whoever flushes has nothing left to write.
        self.note(&flushed, 0, true);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
