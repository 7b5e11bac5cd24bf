//! Places for requests that are being worked on. A place is taken when the whole request is there.

use crate::error::ApiError;
use crate::metrics::Counted;
use ::metrics::Gauge;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Webhooks that are being stored, at a time: those of two seconds at the most that one process takes.
const WEBHOOKS: usize = 4_096;

/// Requests of the REST API and links that are being worked on, at a time. More are turned away at once: a queue without
/// end helps nobody.
const REQUESTS: usize = 2_048;

/// Requests of which a part is there, at a time: those that wait for their body, their key or their place.
const BEGUN: usize = 16_384;

/// The places of one process.
pub(crate) struct Places {
    webhooks: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    begun: Arc<Semaphore>,
    in_flight: Gauge,
}

/// A place, until it is dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Option<Counted>,
}

impl Places {
    pub(crate) fn new(in_flight: Gauge) -> Self {
        let of = |places| Arc::new(Semaphore::new(places));
        Self { webhooks: of(WEBHOOKS), requests: of(REQUESTS), begun: of(BEGUN), in_flight }
    }

    /// For a webhook that is there and proved.
    pub(crate) fn for_webhook(&self) -> Result<Place, ApiError> {
        take(&self.webhooks, Some(&self.in_flight))
    }

    /// For any other request that is there.
    pub(crate) fn for_request(&self) -> Result<Place, ApiError> {
        take(&self.requests, Some(&self.in_flight))
    }

    /// For a request that has begun. There are so many that nobody meets this bound before those of bodies and places.
    pub(crate) fn for_beginning(&self) -> Result<Place, ApiError> {
        take(&self.begun, None)
    }
}

fn take(places: &Arc<Semaphore>, gauge: Option<&Gauge>) -> Result<Place, ApiError> {
    let permit = Arc::clone(places).try_acquire_owned();
    let permit =
        permit.map_err(|_| ApiError::unavailable("Too many requests are in flight: send it again"))?;
    Ok(Place { _permit: permit, _counted: gauge.map(Counted::one) })
}
