//! `/api/v1/webhook-endpoints`: where notifications are sent to.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod deliveries;
pub(super) mod enable;
pub(super) mod get;
pub(super) mod list;
mod object;
pub(super) mod redeliver;
pub(super) mod rotate_secret;
pub(super) mod test;
pub(super) mod update;

pub(crate) use object::Endpoint;
