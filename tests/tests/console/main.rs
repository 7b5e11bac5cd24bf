//! The console, as people and attackers meet it.

mod browser;
mod finance;
mod pictures;
mod sign_in;
mod support;
mod walls;
