//! Events in: what came, what became of it, and how long that took.

pub(crate) mod list;
pub(crate) mod show;
