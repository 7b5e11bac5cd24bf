//! The oracle of SEMANTICS: histories of what really happened, told as events in any order, and a
//! second opinion on what everybody earned.
//!
//! ```text
//! generate ─▶ model ─▶ render ─▶ events ─▶ the engine ─▶ verdicts
//!               └────▶ naive ─────────────────────────▶ verdicts
//! ```
//!
//! A [`model::History`] says what happened: who signed up, what was paid, what went back. [`render`]
//! writes it down as Stripe and the REST API would tell it. [`naive`] reads the history itself, line
//! by line as SEMANTICS says it, and shares nothing with the fold: no facts, no keys, no arithmetic.
//! Where the two disagree, one of them is wrong.
#![allow(clippy::unwrap_used, reason = "a surprise in a history is a failed test")]

pub mod engine;
pub mod generate;
pub mod model;
pub mod naive;
pub mod render;
pub mod store;
pub mod verdict;
