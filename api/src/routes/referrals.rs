//! Referrals: the users that were referred, and those that came by themselves.

mod object;

pub(crate) use object::Referral;
