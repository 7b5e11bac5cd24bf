//! What HTTP and the signature cost without a store, as a yardstick for webhooks: the same HTTP library and the same check.

use chrono::Utc;
use futures::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::sync::Arc;
use stripe::signature;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Answers every request whose body `secret` signed with 200, and every other with 400, until `shutdown` is cancelled.
pub async fn serve(listener: TcpListener, secret: String, shutdown: CancellationToken) {
    let secrets = Arc::new([secret]);
    loop {
        let stream = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let _ = stream.set_nodelay(true);
        let (secrets, shutdown) = (Arc::clone(&secrets), shutdown.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&secrets), request));
            let connection = Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .into_owned()
                .boxed();
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = connection => {}
            }
        });
    }
}

async fn answer(
    secrets: Arc<[String; 1]>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let signature =
        request.headers().get("stripe-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let proven = match (signature, body) {
        (Some(signature), Ok(body)) => signature::verify(&signature, &body, &*secrets, Utc::now()).is_ok(),
        _ => false,
    };
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"received":true}"#)));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if !proven {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}
