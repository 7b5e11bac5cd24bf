//! Webhooks out: everything of them but the database.
//!
//! [`Secret`] signs, [`schedule`] says when to try again, [`Policy`] says which addresses may be reached, and [`Client`] posts.
//! This crate is the only one that opens connections to addresses that a customer chose, and nothing in it looks at a clock.

mod address;
mod client;
mod policy;
mod resolver;
pub mod schedule;
mod secret;
mod signature;
mod target;

pub use address::Forbidden;
pub use client::{Answer, Client, Control, Failure, Message, Outcome, Unusable};
pub use policy::Policy;
pub use resolver::{Lookup, SystemLookup};
pub use secret::{Secret, UnusableSecret};
pub use signature::{Headers, sign};
pub use target::{Refused, Target};
