//! Behaviour of the fold, as SEMANTICS states it, and its independence of order.

mod commission;
mod history;
mod order;
mod scenarios;
