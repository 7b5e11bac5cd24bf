//! What the end-to-end tests stand on: deployments on real stores, and a Stripe that posts to them.
//!
//! ```text
//! stores ─▶ deployment ─▶ api and workers, as tasks of this process (roles) or on their own (processes)
//!               ▲
//!            stripe posts a history to it, wait sees it settle
//! ```
//!
//! Each deployment has a database and queues of its own, and is refused at the end when messages are
//! left over. Tests that stop a store have private ones ([`stores::Private`]).

pub mod books;
pub mod broker;
pub mod case;
pub mod deployment;
pub mod fake_stripe;
pub mod feed;
pub mod figures;
pub mod launch;
pub mod ledger;
pub mod oracle;
pub mod processes;
pub mod receiver;
pub mod roles;
pub mod stores;
pub mod story;
pub mod stripe;
pub mod texts;
pub mod visitor;
pub mod wait;
pub mod wire;

mod database;
mod options;
