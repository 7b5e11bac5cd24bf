//! What the repository says of itself is so: places that are cited exist, and so do the tests that are named as proof.

mod circles;
mod citations;
mod fences;
mod law;
mod metrics;
mod source;
mod tree;
