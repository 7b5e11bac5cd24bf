//! The rules of attribution and commission as pure functions and plain types.
//!
//! Nothing in here waits, reads a clock, speaks SQL or looks into JSON values, and the lints below
//! keep floating point, casts and unchecked arithmetic out of everything that touches money.
#![cfg_attr(
    not(test),
    deny(
        clippy::float_arithmetic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing
    )
)]

pub mod clock;
pub mod code;
pub mod command;
pub mod day;
pub mod decision;
pub mod directory;
pub mod email;
pub mod fact;
pub mod ids;
pub mod key;
pub mod money;
pub mod notification;
pub mod origin;
pub mod payout;
pub mod promotion;
pub mod provider;
pub mod provider_code;
pub mod reevaluation;
pub mod rules;
pub mod settle;
pub mod union_find;
