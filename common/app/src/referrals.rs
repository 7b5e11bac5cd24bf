//! Referrals: registered by a caller, settled by a worker.

mod known;
mod new;
mod register;

pub use new::NewReferral;
pub use register::{Registered, find, register};
