//! The process's metrics, in Prometheus' format.

use metrics::{counter, describe_counter};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

const LOST_LINES: &str = "tributary_log_lines_lost_total";

/// The media type that Prometheus asks for.
pub const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From half a millisecond to ten seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often samples are put into their buckets when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

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
    describe_counter!(LOST_LINES, "Log lines that nobody read in time.");
    // A second caller that came at the same moment failed above.
    let _ = RECORDER.set(handle);
    Ok(())
}

/// All metrics as text of the type [`PROMETHEUS`]; empty without a recorder.
#[must_use]
pub fn render() -> String {
    counter!(LOST_LINES).absolute(common::telemetry::lost_lines());
    RECORDER.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Puts samples into their buckets for ever: histograms keep each sample until they are read or drained.
pub async fn keep_drained() {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        every.tick().await;
        if let Some(recorder) = RECORDER.get() {
            recorder.run_upkeep();
        }
    }
}
