//! The console, as people and attackers meet it.

mod browser;
mod finance;
mod hostile_texts;
mod pictures;
mod portal;
mod sign_in;
mod support;
mod walls;
