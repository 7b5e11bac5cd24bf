//! What the service does when somebody asks for it: one use case a file.
//!
//! A front end (REST, command line, demo) reads what it was told, calls one of these, and shows what came of it. A use
//! case checks what makes sense, changes the registry or the ledger through `store`, and puts what the workers have to do on the
//! queue, in one transaction: that of the caller, who commits, unless its text says that it has one of its own.
//!
//! | module | holds |
//! |---|---|
//! | [`affiliates`], [`coupons`], [`clicks`] | entering and changing them, and who is resettled by that |
//! | [`referrals`] | registering a referral |
//! | [`conversions`] | accepting, changing and taking back a conversion |
//! | [`decisions`] | hold, release, reject a commission; lock and unlock a customer |
//! | [`rules`] | rules in writing, changing them, trying them on history |
//! | [`projects`] | creating and changing a project |
//! | [`keys`] | API keys |
//! | [`endpoints`] | where notifications are sent to: making, changing, trying and repeating |
//! | [`backfill`] | reading a provider's history |
//! | [`reconcile`] | a provider's events against the inbox |
//! | [`doctor`] | what is wrong with a deployment, and what to do |
//! | [`connect_stripe`] | a webhook endpoint at Stripe, and its secret here |
//! | [`queues`] | what waits, and who works on it |
//! | [`provider_keys`] | keys at payment providers |
//! | [`proof`] | every rule of the ledger against every row, and the digest |
//! | [`payouts`] | making, closing and exporting payouts |
//! | [`statements`] | an affiliate's account in words |
//! | [`users`] | people who work in the console: entering them, signing in and out |
//! | [`portal`] | an affiliate's own page: its link |
//! | [`dead_letters`] | retrying and giving up what no worker could settle |
//! | [`prune`] | deleting what has outlived its use, and raw bodies into an archive |
//! | [`outbox`] | the one way by which a transaction tells the workers something |
//! | [`completion`] | waiting until they have done it |

pub mod affiliates;
pub mod backfill;
pub mod clicks;
pub mod completion;
pub mod connect_stripe;
pub mod conversions;
pub mod coupons;
pub mod dead_letters;
pub mod decisions;
pub mod doctor;
pub mod endpoints;
mod error;
pub mod keys;
pub mod outbox;
pub mod payouts;
pub mod portal;
pub mod projects;
pub mod proof;
pub mod provider_keys;
pub mod prune;
pub mod queues;
pub mod reconcile;
pub mod referrals;
pub mod rules;
pub mod spreadsheet;
pub mod statements;
pub mod users;

pub use error::Error;
pub use outbox::Outbox;
