//! The rules of a programme.

mod change;
mod simulate;
mod written;

pub use change::{change, in_force, latest};
pub use simulate::{Simulated, Sum, Total, simulate};
pub use written::{InvalidRules, WrittenRules};
