//! From queue to ledger: a batch of messages, one transaction, then the acknowledgement.
//!
//! ```text
//! queue ─▶ intake ─┬─▶ batch   raw events and commands: settled together, poison isolated
//!                  ├─▶ fetch   calls to Stripe for what a payload lacked; the answer is a new message
//!                  └─▶ resettle  clusters that a changed mapping concerns, resettled
//! waiting ─▶ queue         thin events, once a key can fetch what they are about
//! notify ─▶ endpoints      notifications, numbered and sent
//! heartbeat                that this worker runs, for whoever looks at the queue
//! ```
//!
//! Nothing is begun before the place is known to be fit, and no wait is without a bound: whoever is silent is
//! passed by, or the worker stops without an answer.
//!
//! A message is acknowledged after its effects are committed, so a crash at any point delivers it
//! again, and the inbox makes that harmless.

mod acknowledge;
mod backoff;
mod batch;
mod halves;
mod heartbeat;
mod intake;
mod jobs;
mod keychain;
mod line;
mod notify;
mod place;
mod pressure;
mod question;
mod reconcile;
mod recovery;
mod rollups;
mod run;
mod suspects;
mod telemetry;
mod turns;
mod waiting;

pub use run::{Settings, run};
