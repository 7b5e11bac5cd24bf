//! What HTTP costs without a store, as a yardstick: the same HTTP library and the same check of signatures.

use chrono::Utc;
use futures::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use stripe::signature;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Answers every request whose body `secret` signed with 200, and every other with 400, until `shutdown` is cancelled.
pub async fn serve(listener: TcpListener, secret: String, shutdown: CancellationToken) {
    let secrets = Arc::new([secret]);
    accept(listener, shutdown, move |request| answer(Arc::clone(&secrets), request)).await;
}

/// Answers every request with 204 once its body has come, and counts them, until `shutdown` is cancelled: somebody who is
/// notified and costs next to nothing.
pub async fn take(listener: TcpListener, taken: Arc<AtomicU64>, shutdown: CancellationToken) {
    let count = move |request: Request<Incoming>| {
        let taken = Arc::clone(&taken);
        async move {
            if request.into_body().collect().await.is_ok() {
                taken.fetch_add(1, Ordering::Relaxed);
            }
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok(response)
        }
    };
    accept(listener, shutdown, count).await;
}

async fn accept<F, A>(listener: TcpListener, shutdown: CancellationToken, answer: F)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    loop {
        let stream = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let _ = stream.set_nodelay(true);
        let (answer, shutdown) = (answer.clone(), shutdown.clone());
        tokio::spawn(async move {
            let connection = Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(answer))
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
