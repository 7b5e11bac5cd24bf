//! Behaviour of the fold, as SEMANTICS states it, and its independence of order.

mod decisions;
mod history;
mod order;
mod scenarios;
