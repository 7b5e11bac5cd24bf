//! Behaviour of the fold, as SEMANTICS states it, and its independence of order.

mod claims;
mod collections;
mod commission;
mod credit_notes;
mod currencies;
mod decisions;
mod history;
mod last_words;
mod order;
mod precedence;
mod reasons;
mod scenarios;
