//! One connection of a client: a request, its answer, the next.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A connection that is kept open.
pub(crate) struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string() })
    }

    /// Posts a signed event; the answer's status.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        signature: &str,
        body: Bytes,
    ) -> anyhow::Result<StatusCode> {
        let request = Request::post(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .header("stripe-signature", signature)
            .body(Full::new(body))?;
        Ok(self.send(request).await?.0)
    }

    /// Asks for something with a key; status and body of the answer.
    pub(crate) async fn get(&mut self, path: &str, key: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::get(path)
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Full::default())?;
        self.send(request).await
    }

    /// Asks for something with a header that says who asks; status, headers and body of the answer.
    pub(crate) async fn ask(
        &mut self,
        path: &str,
        (name, value): (&str, &str),
    ) -> anyhow::Result<(StatusCode, HeaderMap, Bytes)> {
        let request =
            Request::get(path).header(header::HOST, &self.host).header(name, value).body(Full::default())?;
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        Ok((parts.status, parts.headers, body.collect().await?.to_bytes()))
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
