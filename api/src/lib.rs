//! HTTP: webhooks in, the REST API, limits, health and metrics.
//!
//! ```text
//! connection ─▶ server ─▶ edge ─┬─▶ webhook          (raw body, signature, queue)
//!                               ├─▶ webconsole       (pages for people, where they are switched on)
//!                               └─▶ guard ─▶ routes  (key, limits, Idempotency-Key; one endpoint a file)
//! ```
//!
//! [`serve`] takes a listener, so that tests and the command line run it in their own process.

mod answer;
mod auth;
mod background;
pub mod bare;
mod bodies;
mod clock;
mod completion;
mod console;
mod cursor;
mod edge;
mod error;
mod error_form;
mod feeds;
mod health;
mod idempotency;
mod input;
mod limits;
mod listing;
mod media_type;
mod metrics;
mod openapi;
mod places;
mod prefer;
mod promptly;
mod refused_webhooks;
mod request_id;
mod roles;
mod routes;
mod run;
mod server;
mod signing_secrets;
mod state;
mod webhook;

pub use clock::Clock;
pub use openapi::Document;
pub use routes::open_api as openapi;
pub use run::{Settings, run, run_on};
pub use server::serve;
pub use server::tls::{InvalidTls, Tls};
pub use state::{AppState, Parts, Pools};
