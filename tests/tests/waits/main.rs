//! Nothing that is silent, slow or hostile stops the workers: each test makes one store, worker or neighbour fall silent,
//! and prints how long the others waited.

mod database;
mod fresh;
mod large;
mod locks;
mod poison;
mod refusals;
mod secrets;
mod support;
mod workers;
