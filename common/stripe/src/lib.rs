//! Everything that is known of Stripe.
//!
//! | module | promises |
//! |---|---|
//! | [`signature`] | a webhook body is authentic, and which secret proved it |
//! | [`event`] | an event's body becomes facts, whatever API version wrote it; pure |
//! | [`missing`] | what a payload lacked, and one call could bring |
//! | [`client`] | those calls |
//! | [`fetched`] | what they brought becomes facts; pure |
//! | [`thin`] | events that name their object without showing it |
//! | [`wrapped`] | an object as the event that would have told it |
//! | [`history`] | what Stripe's lists tell of the past, as the events that would have told it; pure |
//! | [`metadata`] | which metadata keys carry a referral code |
//! | [`sample`] | realistic events for the demo, the tests and the benchmark |
//!
//! Inbound payloads are read by our own tolerant structures, never by generated types: those require
//! fields that other API versions do not have, and refuse whole events for it. A field that moved
//! between versions is read in both of its places, the newest first.

pub mod client;
pub mod event;
pub mod fetched;
pub mod history;
pub mod metadata;
pub mod missing;
pub mod sample;
pub mod signature;
pub mod thin;
pub mod wrapped;

mod bounded;
mod collector;
mod discount;
mod json;
mod read;
mod reading;
mod thin_event;
