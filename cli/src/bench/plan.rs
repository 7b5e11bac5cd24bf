//! How much is measured.

use super::seed::Size;
use clap::Args;

/// The size of a run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// Every measurement is repeated so often, in turns with the others
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// Events of one measurement of throughput
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..))]
    pub(crate) events: u64,
    /// Customers that those events are of [default: five for every six events]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    customers: Option<u64>,
    /// Payments that are settled behind each customer before the measurement begins
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) history: u64,
    /// Customers, ten payments of each, that fill the tables before anything is measured
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    full: Option<u64>,
    /// HTTP connections of a load
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) connections: u16,
    /// Events a second of the steady load
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// Seconds of the steady load
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) steady_seconds: u32,
    /// Events that wait when the workers start, in the measurement of a backlog
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) backlog: u64,
    /// The most payments behind the one customer whose next payment is timed, and customers of the one address
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..))]
    pub(crate) hot: u64,
    /// Only measurements whose name contains this, e.g. settle
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// The same workload again for the same number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

impl Plan {
    /// How many customers the events are of.
    pub(crate) fn customers(&self) -> u64 {
        self.customers.unwrap_or_else(|| (self.events.saturating_mul(5) / 6).max(1))
    }

    /// What fills the tables beforehand.
    pub(crate) fn full(&self) -> Option<Size> {
        self.full.map(|customers| Size { customers, payments: 10 })
    }

    /// Whether a measurement was asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| name.contains(only))
    }
}
