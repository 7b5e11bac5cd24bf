//! The server's metrics.

use ::metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
};
use ::metrics::{gauge, histogram};
use std::time::Duration;

const REQUESTS: &str = "tributary_http_requests_total";
const SECONDS: &str = "tributary_http_request_seconds";
const IN_FLIGHT: &str = "tributary_http_requests_in_flight";
const CONNECTIONS: &str = "tributary_http_connections";

/// One more in a gauge, until it is dropped.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn one(gauge: &Gauge) -> Self {
        gauge.increment(1);
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Handles that are looked up once, not with each request.
pub(crate) struct Meters {
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    webhook_seconds: Histogram,
    webhooks: [(u16, Counter); 6],
    webhooks_other: Counter,
}

const WEBHOOK_ROUTE: &str = "/webhooks/stripe/{projectId}";

impl Meters {
    pub(crate) fn new() -> Self {
        describe_counter!(REQUESTS, "Requests answered, by route, method and status.");
        describe_histogram!(SECONDS, Unit::Seconds, "From a request's headers to its answer.");
        describe_gauge!(IN_FLIGHT, "Requests that are being answered.");
        describe_gauge!(CONNECTIONS, "Connections of clients.");
        let webhooks = |status: u16| {
            let counter = counter!(REQUESTS, "route" => WEBHOOK_ROUTE, "method" => "POST", "status" => status.to_string());
            (status, counter)
        };
        Self {
            in_flight: gauge!(IN_FLIGHT),
            connections: gauge!(CONNECTIONS),
            webhook_seconds: histogram!(SECONDS, "route" => WEBHOOK_ROUTE),
            webhooks: [200, 400, 404, 413, 429, 503].map(webhooks),
            webhooks_other: counter!(REQUESTS, "route" => WEBHOOK_ROUTE, "method" => "POST", "status" => "other"),
        }
    }

    /// A webhook was answered.
    pub(crate) fn webhook(&self, status: u16, took: Duration) {
        let known = self.webhooks.iter().find(|(of, _)| *of == status).map(|(_, counter)| counter);
        known.unwrap_or(&self.webhooks_other).increment(1);
        self.webhook_seconds.record(took.as_secs_f64());
    }

    /// Any other request was answered. `route` is the pattern, never the path.
    pub(crate) fn request(route: String, method: &'static str, status: u16, took: Duration) {
        histogram!(SECONDS, "route" => route.clone()).record(took.as_secs_f64());
        counter!(REQUESTS, "route" => route, "method" => method, "status" => status.to_string()).increment(1);
    }
}
