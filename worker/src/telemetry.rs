//! Names of the worker's metrics.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Events and commands whose effects were committed for the first time.
pub(crate) const SETTLED: &str = "tributary_worker_settled_total";
/// Events and commands that had been seen before and changed nothing.
pub(crate) const DUPLICATES: &str = "tributary_worker_duplicates_total";
/// Ledger entries posted.
pub(crate) const ENTRIES: &str = "tributary_worker_ledger_entries_total";
/// From the begin of a batch's transaction to its commit.
pub(crate) const BATCH_SECONDS: &str = "tributary_worker_batch_seconds";
/// 1 while the database lets the worker work; 0 while it is away, refuses, or lacks migrations.
pub(crate) const READY: &str = "tributary_worker_ready";
/// Batches that were not committed, by `decision`: wait, again, `pass_by`, halve or isolate.
pub(crate) const FAILED: &str = "tributary_worker_batches_failed_total";
/// Calls to Stripe, by `result`: fetched, unknown, later, refused or parked.
pub(crate) const FETCHES: &str = "tributary_worker_fetches_total";
/// Events that Stripe had and the inbox had not, in the last comparison of each project and mode.
pub(crate) const MISSING: &str = "tributary_reconcile_missing";
/// Thin events that wait for their object; the same in every worker.
pub(crate) const THIN_WAITING: &str = "tributary_worker_thin_events_waiting";

/// Tells the recorder what the metrics mean.
pub(crate) fn describe() {
    describe_counter!(SETTLED, "Events and commands whose effects were committed.");
    describe_counter!(DUPLICATES, "Events and commands that had been settled before.");
    describe_counter!(ENTRIES, "Ledger entries posted.");
    describe_histogram!(BATCH_SECONDS, Unit::Seconds, "One transaction, from begin to commit.");
    describe_gauge!(READY, "1 while the database lets the worker work.");
    describe_counter!(FAILED, "Batches that were not committed, by decision.");
    describe_counter!(FETCHES, "Calls to Stripe, by result.");
    describe_gauge!(MISSING, "Events that the last comparisons with Stripe found missing.");
    describe_gauge!(THIN_WAITING, "Thin events that wait for a Stripe key that can fetch their object.");
}

/// A count for a counter.
pub(crate) fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// How many events were missing.
pub(crate) fn missing(events: i64) {
    metrics::gauge!(MISSING).set(f64::from(u32::try_from(events).unwrap_or(u32::MAX)));
}

/// How many thin events wait.
pub(crate) fn waiting(events: i64) {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    metrics::gauge!(THIN_WAITING).set(f64::from(events));
}
