//! `/api/v1/payout-batches`

pub(super) mod export;
pub(super) mod get;
pub(super) mod mark_paid;
