//! Referrals: the users that were referred, and those that came by themselves.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
mod object;

pub(super) use get::find;
pub(crate) use object::Referral;
