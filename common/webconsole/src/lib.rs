//! The console: what finance, support and operators see and do in a browser.
//!
//! Pages are made here, on the server, from the reads of `store`; what somebody does is a use case of `app`, the same that REST
//! and the command line call. `api` serves it below `/console`, when it is switched on.
//!
//! ```text
//! api::edge ─▶ routes ─▶ guard (session, origin, form token) ─▶ right ─▶ pages
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`routes`](self::router) | every page and act, with the right that an act asks for |
//! | `guard` | who is signed in; that a form was sent from a page of ours to the one who sends it |
//! | `layout`, `elements` | the frame of a page and what pages are built of |
//! | `portal` | an affiliate's own page, by a link |
//! | [`picture`] | one payment explained, as SVG; the command line prints the same |
//! | [`mod@reference`] | the REST API's document as a page; it needs no console |
//! | `assets` | style, scripts and their names |

mod assets;
mod client;
mod cookies;
mod elements;
mod failure;
mod figures;
mod form;
mod guard;
mod kept;
mod layout;
mod origin;
mod page;
mod pages;
mod person;
pub mod picture;
mod polled;
mod portal;
mod problem;
pub mod reference;
mod rights;
mod routes;
mod state;
mod texts;

pub use client::Client;
pub use problem::{front, problem};
pub use rights::Right;
pub use routes::{Described, described, router};
pub use state::{Console, Parts, ProxySignIn};

/// Below this path everything is the console's.
pub const ROOT: &str = "/console";

/// Whether a path is the console's.
#[must_use]
pub fn owns(path: &str) -> bool {
    let below =
        |root| path.strip_prefix(root).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'));
    below(ROOT) || below(portal::ROOT)
}

/// Where an affiliate is sent with a pass, at the host by which a request came. HTTPS, but for this machine itself.
#[must_use]
pub fn portal_url(host: &str, pass: &str) -> String {
    let scheme = if cookies::is_loopback(host) { "http" } else { "https" };
    format!("{scheme}://{host}{}/enter?pass={pass}", portal::ROOT)
}
