//! Names of the queue's metrics.
//!
//! `store` is `broker` or `database`.

use std::time::Duration;

/// Messages stored durably, by `store`.
pub(super) const PUBLISHED: &str = "tributary_queue_published_total";
/// Messages that RabbitMQ would not take and PostgreSQL was asked to, by `reason`.
pub(super) const SPILLED: &str = "tributary_queue_spilled_total";
/// Messages that no store took in time.
pub(super) const REFUSED: &str = "tributary_queue_refused_total";
/// Publishes whose confirm is awaited.
pub(super) const IN_FLIGHT: &str = "tributary_queue_publish_in_flight";
/// From publish to durable, by `store`.
pub(super) const PUBLISH_SECONDS: &str = "tributary_queue_publish_seconds";
/// 1 while RabbitMQ blocks publishers (memory or disk alarm).
pub(super) const BLOCKED: &str = "tributary_queue_broker_blocked";
/// 1 while the store takes messages, by `store`.
pub(super) const UP: &str = "tributary_queue_store_up";
/// Connections opened again after a loss, by `connection`.
pub(super) const RECONNECTS: &str = "tributary_queue_reconnects_total";
/// Messages handed to the worker, by `store`.
pub(super) const CONSUMED: &str = "tributary_queue_consumed_total";
/// Messages finished with, by `disposition`.
pub(super) const FINISHED: &str = "tributary_queue_settled_total";
/// Messages that RabbitMQ delivered to its limit and that come back alone.
pub(super) const PARKED: &str = "tributary_queue_parked_total";
/// Messages that cannot be read, and so are dead letters at once.
pub(super) const UNREADABLE: &str = "tributary_queue_buried_total";
/// Messages that RabbitMQ could not route and kept aside; they are processed all the same.
pub(super) const UNROUTABLE: &str = "tributary_queue_unroutable_total";
/// How long the oldest message waits that is due now and not settled, by `store`; 0 when there is none.
pub(super) const OLDEST_AGE: &str = "tributary_queue_oldest_age_seconds";

/// Messages that are due, by `store`: those of the database that are not finished, counted up to 100,000; those that
/// RabbitMQ has not delivered.
pub(super) const WAITING: &str = "tributary_queue_waiting";
/// Messages that this worker was delivered and has not finished, by `store`.
pub(super) const IN_HAND: &str = "tributary_queue_in_hand";
/// Messages of the database that wait for a later time: retries, and what was put off.
pub(super) const PUT_OFF: &str = "tributary_queue_put_off";
/// Dead letters that nobody has retried or discarded.
pub(super) const DEAD_LETTERS: &str = "tributary_queue_dead_letters_open";

/// Tells the recorder what the metrics mean. Call it once, after the recorder is installed.
pub(super) fn describe() {
    metrics::describe_counter!(PUBLISHED, "Messages stored durably.");
    metrics::describe_counter!(SPILLED, "Messages that RabbitMQ would not take.");
    metrics::describe_counter!(REFUSED, "Messages that no store took in time.");
    metrics::describe_gauge!(IN_FLIGHT, "Publishes whose confirm is awaited.");
    metrics::describe_histogram!(PUBLISH_SECONDS, metrics::Unit::Seconds, "From publish to durable.");
    metrics::describe_gauge!(BLOCKED, "1 while RabbitMQ blocks publishers.");
    metrics::describe_gauge!(UP, "1 while the store takes messages.");
    metrics::describe_counter!(RECONNECTS, "Connections opened again after a loss.");
    metrics::describe_counter!(CONSUMED, "Messages handed to the worker.");
    metrics::describe_counter!(FINISHED, "Messages finished with.");
    metrics::describe_counter!(UNREADABLE, "Messages that cannot be read.");
    metrics::describe_counter!(PARKED, "Messages that were delivered too often and come back alone.");
    metrics::describe_counter!(UNROUTABLE, "Messages that RabbitMQ could not route and kept aside.");
    metrics::describe_gauge!(OLDEST_AGE, metrics::Unit::Seconds, "How long the oldest due message waits.");
    metrics::describe_gauge!(
        WAITING,
        "Messages that are due and that no worker has, or of the database all that are due."
    );
    metrics::describe_gauge!(IN_HAND, "Messages that this worker was delivered and has not finished.");
    metrics::describe_gauge!(PUT_OFF, "Messages that wait for a later time.");
    metrics::describe_gauge!(DEAD_LETTERS, "Dead letters that nobody has retried or discarded.");
}

/// A count as a metric's value; counts beyond 2³² are not distinguished.
pub(super) fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// A count as a counter's increment.
pub(super) fn increment(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// A duration that a clock may have made negative.
pub(super) fn seconds(age: chrono::TimeDelta) -> f64 {
    age.to_std().unwrap_or(Duration::ZERO).as_secs_f64()
}
