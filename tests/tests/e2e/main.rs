//! The service from webhook to ledger, on a real PostgreSQL and a real RabbitMQ.

mod answers;
mod any_order;
mod backfill;
mod cases;
mod connect;
mod database_roles;
mod dead_letters;
mod decisions;
mod doctor;
mod gauges;
mod large_history;
mod logging;
mod outages;
mod pages;
mod payouts;
mod posts;
mod promotion_codes;
mod rebuilding;
mod reconcile;
mod rules;
mod schemathesis;
mod sdks;
mod separate_processes;
mod settings;
mod stripe_sdk;
mod texts;
