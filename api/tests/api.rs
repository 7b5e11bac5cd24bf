//! The API from outside, over HTTP, on a real PostgreSQL: a database for each test, the queue in it,
//! and no worker but the ones that a test brings.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

#[path = "api/affiliates.rs"]
mod affiliates;
#[path = "api/authentication.rs"]
mod authentication;
#[path = "api/bodies.rs"]
mod bodies;
#[path = "api/boundaries.rs"]
mod boundaries;
#[path = "api/clicks.rs"]
mod clicks;
#[path = "api/contract.rs"]
mod contract;
#[path = "api/conversions.rs"]
mod conversions;
#[path = "api/coupons.rs"]
mod coupons;
#[path = "api/csv.rs"]
mod csv;
#[path = "api/customer_look_up.rs"]
mod customer_look_up;
#[path = "api/decimals.rs"]
mod decimals;
#[path = "api/document.rs"]
mod document;
#[path = "api/documented_errors.rs"]
mod documented_errors;
#[path = "api/documented_successes.rs"]
mod documented_successes;
#[path = "api/errors.rs"]
mod errors;
#[path = "api/errors_as_text.rs"]
mod errors_as_text;
#[path = "api/explanations.rs"]
mod explanations;
#[path = "api/heads.rs"]
mod heads;
#[path = "api/idempotency.rs"]
mod idempotency;
#[path = "api/judged_again.rs"]
mod judged_again;
#[path = "api/keys.rs"]
mod keys;
#[path = "api/limits.rs"]
mod limits;
#[path = "api/links.rs"]
mod links;
#[path = "api/misspelt.rs"]
mod misspelt;
#[path = "api/modes.rs"]
mod modes;
#[path = "api/notifications.rs"]
mod notifications;
#[path = "api/operation.rs"]
mod operation;
#[path = "api/pagination.rs"]
mod pagination;
#[path = "api/payouts.rs"]
mod payouts;
#[path = "api/probes.rs"]
mod probes;
#[path = "api/referrals.rs"]
mod referrals;
#[path = "api/ruling.rs"]
mod ruling;
#[path = "api/server.rs"]
mod server;
#[path = "api/settling.rs"]
mod settling;
#[path = "api/statistics.rs"]
mod statistics;
#[path = "api/strangers.rs"]
mod strangers;
#[path = "api/support.rs"]
mod support;
#[path = "api/told_twice.rs"]
mod told_twice;
#[path = "api/webhooks.rs"]
mod webhooks;
