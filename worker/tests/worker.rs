//! The worker on a real PostgreSQL: what it settles, what it buries, what it fetches, whom it notifies, how it stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    missing_docs,
    unreachable_pub,
    reason = "tests stop at the first surprise"
)]

#[path = "worker/receiver.rs"]
mod receiver;
#[path = "worker/support.rs"]
mod support;

#[path = "worker/collecting.rs"]
mod collecting;
#[path = "worker/fetching.rs"]
mod fetching;
#[path = "worker/notifying.rs"]
mod notifying;
#[path = "worker/poison.rs"]
mod poison;
#[path = "worker/resettling.rs"]
mod resettling;
#[path = "worker/settling.rs"]
mod settling;
#[path = "worker/stopping.rs"]
mod stopping;
#[path = "worker/suspects.rs"]
mod suspects;
#[path = "worker/thin.rs"]
mod thin;
#[path = "worker/watched.rs"]
mod watched;
