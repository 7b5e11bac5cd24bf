//! Referrals: registered by a caller, settled by a worker.

mod known;
mod register;

pub use register::{NewReferral, Registered, find, register};
