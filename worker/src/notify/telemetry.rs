//! Names of the metrics of notifications.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Notifications that got their place in the sequence.
pub(super) const SEQUENCED: &str = "tributary_notifications_total";
/// Tries, by `outcome`: delivered, refused (another status), timeout, connect, broken or forbidden.
pub(super) const ATTEMPTS: &str = "tributary_notify_attempts_total";
/// How long a try took.
pub(super) const ATTEMPT_SECONDS: &str = "tributary_notify_attempt_seconds";
/// From the transaction that wrote it to the answer of its receiver, of those that the first try delivered.
pub(super) const LATENCY_SECONDS: &str = "tributary_notify_latency_seconds";
/// Deliveries that are to be sent, of all workers.
pub(super) const PENDING: &str = "tributary_notify_pending";
/// How long the oldest of them has been on its way.
pub(super) const OLDEST_SECONDS: &str = "tributary_notify_oldest_seconds";
/// Deliveries that are kept until they are asked for, of all workers.
pub(super) const PARKED: &str = "tributary_notify_parked";
/// Tries under way in this worker.
pub(super) const IN_FLIGHT: &str = "tributary_notify_in_flight";
/// Endpoints that were disabled.
pub(super) const DISABLED: &str = "tributary_notify_endpoints_disabled_total";

pub(super) fn describe() {
    describe_counter!(SEQUENCED, "Notifications that got their place in the sequence.");
    describe_counter!(ATTEMPTS, "Tries to deliver a notification, by outcome.");
    describe_histogram!(ATTEMPT_SECONDS, Unit::Seconds, "One try to deliver a notification.");
    describe_histogram!(
        LATENCY_SECONDS,
        Unit::Seconds,
        "From the transaction that wrote a notification to its delivery at the first try."
    );
    describe_gauge!(PENDING, "Deliveries that are to be sent.");
    describe_gauge!(
        OLDEST_SECONDS,
        Unit::Seconds,
        "How long the oldest pending delivery has been on its way."
    );
    describe_gauge!(PARKED, "Deliveries that are kept until they are asked for.");
    describe_gauge!(IN_FLIGHT, "Tries under way in this worker.");
    describe_counter!(DISABLED, "Endpoints that were disabled.");
}
