//! The console, as people and attackers meet it.

mod browser;
mod finance;
mod hostile_texts;
mod operations;
mod pictures;
mod portal;
mod proxy;
mod rest;
mod sign_in;
mod support;
mod walls;
