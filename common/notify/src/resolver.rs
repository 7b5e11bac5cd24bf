//! Names, looked up once: what was checked is what is connected to.

use crate::policy::{Denied, Policy, Reach};
use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// How long a name is asked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who knows the addresses of a name.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    ///
    /// # Errors
    /// When nobody knows it.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name, 0))).await;
            Ok(found.map_err(|_elapsed| io::ErrorKind::TimedOut)??.map(|address| address.ip()).collect())
        })
    }
}

/// Hands the connector those addresses alone that may be reached. There is no second look-up, so a name that changes its
/// answer between check and connection gains nothing.
#[derive(Clone)]
pub(crate) struct Filter {
    pub(crate) policy: Policy,
    pub(crate) reach: Reach,
    pub(crate) lookup: Arc<dyn Lookup>,
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Name> for Filter {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (policy, reach) = (self.policy.clone(), self.reach);
        let found = self.lookup.addresses(name.as_str().to_owned());
        Box::pin(async move { fit(&policy, reach, found.await?) })
    }
}

/// The addresses that may be reached. Their port is the connector's to set.
fn fit(
    policy: &Policy,
    reach: Reach,
    found: Vec<IpAddr>,
) -> Result<std::vec::IntoIter<SocketAddr>, BoxError> {
    let (mut fit, mut denied) = (Vec::new(), None);
    for address in found {
        match policy.check(address, reach) {
            Ok(()) => fit.push(SocketAddr::new(address, 0)),
            Err(why) => denied = denied.or(Some(why)),
        }
    }
    match denied {
        Some(denied) if fit.is_empty() => Err(Box::new(denied)),
        _ if fit.is_empty() => {
            Err(Box::new(io::Error::new(io::ErrorKind::NotFound, "the name has no address")))
        }
        _ => Ok(fit.into_iter()),
    }
}

/// The refusal of an address behind an error of the connection.
pub(crate) fn denied(error: &(dyn Error + 'static)) -> Option<Denied> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(denied) = error.downcast_ref::<Denied>() {
            return Some(*denied);
        }
        cause = error.source();
    }
    None
}
