//! Behaviour of the fold, as SEMANTICS states it, and its independence of order.

mod as_of_when;
mod claims;
mod collections;
mod commission;
mod credit_notes;
mod crowds;
mod currencies;
mod decisions;
mod guests;
mod history;
mod last_words;
mod order;
mod precedence;
mod reasons;
mod said_paid;
mod scenarios;
