//! What Tributary's processes share.
//!
//! | module | holds | I/O |
//! |---|---|---|
//! | `domain` | money, facts and the fold that turns facts into a ledger | none |
//! | `stripe` | signatures, the facts read from Stripe's payloads, the outbound client | Stripe's API |
//! | `queue` | envelopes, confirmed publishing, batches | RabbitMQ, PostgreSQL |
//! | `store` | every SQL statement | PostgreSQL |
//! | [`config`], [`telemetry`], [`process`] | settings, logs, signals and limits | the process's own |

mod causes;
pub mod config;
pub mod intake;
pub mod process;
pub mod telemetry;

pub use causes::causes;
pub use {domain, queue, store, stripe};
