//! Events in: what came from providers and callers, and what became of it.

pub(crate) mod get;
pub(crate) mod list;
mod object;

use object::{ReceivedEvent, ReceivedEventInFull};
