//! Customers: a list, one with whom it is bound to and why, and its lock.

pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod show;
