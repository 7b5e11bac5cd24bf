//! What `/metrics` tells, in Prometheus' format.

use crate::health::TIDY_INTERVAL;
use ::metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

const REQUESTS: &str = "tributary_http_requests_total";
const SECONDS: &str = "tributary_http_request_seconds";
const IN_FLIGHT: &str = "tributary_http_requests_in_flight";
const CONNECTIONS: &str = "tributary_http_connections";
const LOST_LINES: &str = "tributary_log_lines_lost_total";

/// From half a millisecond to ten seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder, once in a process: call it before anything records. Every histogram whose
/// name ends in `_seconds` gets buckets from 0.5 ms to 10 s.
///
/// # Errors
/// When another recorder was installed.
pub fn install() -> Result<(), BuildError> {
    if RECORDER.get().is_some() {
        return Ok(());
    }
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    let handle = builder.install_recorder()?;
    // A second caller that came at the same moment failed above.
    let _ = RECORDER.set(handle);
    Ok(())
}

/// The text of `/metrics`; empty without a recorder.
pub(crate) fn render() -> String {
    counter!(LOST_LINES).absolute(common::telemetry::lost_lines());
    RECORDER.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Histograms keep each sample until they are read or drained.
pub(crate) async fn keep_drained() {
    let mut every = tokio::time::interval(TIDY_INTERVAL);
    loop {
        every.tick().await;
        if let Some(recorder) = RECORDER.get() {
            recorder.run_upkeep();
        }
    }
}

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
