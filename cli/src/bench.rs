//! `tributary bench`: how fast this machine settles, beside what it could do without Tributary.
//!
//! | module | holds |
//! |---|---|
//! | [`plan`] | how much is measured |
//! | [`workload`] | unique, signed Stripe events of many customers |
//! | [`site`] | a scratch database, and the programs under test as processes of their own |
//! | [`client`], [`load`] | connections, and load with them: as fast as it goes, or at a steady rate |
//! | [`measure`] | one kind of measurement a file |
//! | [`seed`] | a large history, quickly |
//! | [`pages`] | how long the pages of the console and the lists of REST take |
//! | [`visitor`] | somebody who may sign in to the console meanwhile |
//! | [`suite`] | all of them, round after round |
//! | [`report`] | medians, spread and ratios |

mod client;
mod load;
mod measure;
pub(crate) mod pages;
pub(crate) mod plan;
mod processes;
pub(crate) mod report;
pub(crate) mod seed;
pub(crate) mod site;
mod statistics;
pub(crate) mod suite;
mod visitor;
mod workload;
