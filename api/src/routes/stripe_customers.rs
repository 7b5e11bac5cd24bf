//! Stripe customers and whom they were referred by.

pub(crate) mod get;
mod object;
