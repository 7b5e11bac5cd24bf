//! Behaviour of the fold, as SEMANTICS states it, and its independence of order.

mod collections;
mod commission;
mod credit_notes;
mod currencies;
mod decisions;
mod history;
mod order;
mod precedence;
mod reasons;
mod scenarios;
