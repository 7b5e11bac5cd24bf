//! Conversions: signups and purchases.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
mod object;
mod revise;
pub(crate) mod update;

pub(super) use get::find;
pub(crate) use object::Conversion;
