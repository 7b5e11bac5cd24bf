//! What the programs share beside their subject.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | settings, as options and environment variables |
//! | [`intake`] | what a message of the queue asks for: facts, or a job |
//! | [`telemetry`] | logs |
//! | [`process`] | signals, and limits of the operating system |

mod causes;
pub mod config;
pub mod intake;
pub mod process;
pub mod telemetry;

pub use causes::causes;
