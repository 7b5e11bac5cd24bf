//! Affiliates: those who refer customers and earn commission.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
mod object;
pub(crate) mod portal_link;
pub(crate) mod update;

pub(super) use get::{known_form, unknown};
use object::Affiliate;
