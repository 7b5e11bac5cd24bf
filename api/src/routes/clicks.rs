//! Clicks on affiliates' links.

pub(crate) mod create;
