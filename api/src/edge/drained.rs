//! A body that is read to its end also when nobody wants it.
//!
//! A request is often refused by its headers alone. Many clients send the body after them all the same,
//! and one that finds the connection closed in the middle of it reports that, and not the answer.

use axum::body::{Bytes, HttpBody};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What is read for nothing, several times the longest body that is taken; of longer ones the rest is not waited for. It
/// costs no memory, as it is thrown away.
const MOST: usize = 4 * 1024 * 1024;
/// How long is read for nothing.
const PATIENCE: Duration = Duration::from_secs(5);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A body. Dropped before its end, what is left is read and thrown away, within bounds.
pub(super) struct Drained<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Error>,
{
    body: Option<B>,
}

impl<B> Drained<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Error>,
{
    pub(super) fn new(body: B) -> Self {
        Self { body: Some(body) }
    }
}

impl<B> HttpBody for Drained<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Error>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl<B> Drop for Drained<B>
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Error>,
{
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        tokio::spawn(async move {
            let mut rest = Limited::new(body, MOST);
            let read = async { while let Some(Ok(_)) = rest.frame().await {} };
            // Whoever is slower has had its answer.
            let _ = tokio::time::timeout(PATIENCE, read).await;
        });
    }
}
