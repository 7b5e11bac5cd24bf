//! Strangers who send slowly, much, wrongly or without end, and stores that fall silent, against the running programs.
//! Each test prints its figure.

mod addresses;
mod crowds;
mod idle;
mod large_bodies;
mod secrets;
mod silence;
mod slow_bodies;
mod victims;
mod who_never_reads;
