//! What a run found: figures, and the ratios that are promised.

use super::plan::Plan;
use super::statistics::Spread;
use crate::output;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};
use store::{PgConnection, databases};

/// What is asked of a ratio.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

impl Wanted {
    fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
        }
    }
}

/// Ratios within one round, and what is aimed at for each.
const PROMISES: [(&str, &str, &str, Wanted); 14] = [
    (
        "webhooks accepted, RabbitMQ, of raw confirms",
        "accept rabbitmq",
        "bare confirms",
        Wanted::AtLeast(0.75),
    ),
    ("their p99 in p50s", "accept rabbitmq: p99, ms", "accept rabbitmq: p50, ms", Wanted::AtMost(3.0)),
    (
        "webhooks accepted, PostgreSQL, of raw group commits",
        "accept postgres",
        "bare group commits",
        Wanted::AtLeast(0.7),
    ),
    ("their p99 in p50s ", "accept postgres: p99, ms", "accept postgres: p50, ms", Wanted::AtMost(3.0)),
    ("settled by one worker, of bare inbox rows", "settle", "bare inbox", Wanted::AtLeast(0.35)),
    ("settled from RabbitMQ, of bare inbox rows", "settle rabbitmq", "bare inbox", Wanted::AtLeast(0.35)),
    (
        "settled while all is notified, of nothing notified",
        "settle notified",
        "settle",
        Wanted::AtLeast(0.85),
    ),
    ("settled by two workers, of one", "settle two workers", "settle", Wanted::AtLeast(1.5)),
    ("settled with 100 payments behind each, of none", "settle history", "settle", Wanted::AtLeast(0.8)),
    (
        "one more payment of many, in times of the tenth",
        "hot: after most payments, ms",
        "hot: after 10 payments, ms",
        Wanted::AtMost(3.0),
    ),
    (
        "one more customer of an address of many, in times of the tenth",
        "address: after most customers, ms",
        "address: after 10 customers, ms",
        Wanted::AtMost(3.0),
    ),
    (
        "the database's load with 20 consoles open, in times of none",
        "consoles: database with 20 of them, cores",
        "consoles: database without them, cores",
        Wanted::AtMost(1.05),
    ),
    ("look-ups, of bare SELECTs", "look-up", "bare select", Wanted::AtLeast(0.7)),
    (
        "answered while a backlog drains, in times of before",
        "backlog: answered p99 while it drains, ms",
        "backlog: answered p99 before, ms",
        Wanted::AtMost(2.0),
    ),
];

/// Every figure of every round.
#[derive(Default)]
pub(crate) struct Figures(BTreeMap<&'static str, Vec<f64>>);

impl Figures {
    /// One more.
    pub(crate) fn add(&mut self, name: &'static str, figure: f64) {
        self.0.entry(name).or_default().push(figure);
    }

    /// Bytes, in MiB, where the system tells them.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "bytes of one process, for people"
    )]
    pub(crate) fn add_memory(&mut self, name: &'static str, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            self.add(name, bytes as f64 / f64::from(1 << 20));
        }
    }
}

/// What was measured on.
#[derive(Serialize)]
pub(crate) struct Machine {
    cores: usize,
    system: &'static str,
    architecture: &'static str,
    build: &'static str,
    postgresql: BTreeMap<String, String>,
}

impl Machine {
    /// Reads it.
    pub(crate) async fn read(connection: &mut PgConnection) -> anyhow::Result<Self> {
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            build: if cfg!(debug_assertions) {
                "debug: build with --release for figures that mean something"
            } else {
                "release"
            },
            postgresql: databases::settings(connection).await?.into_iter().collect(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, system, architecture, build, postgresql } = self;
        writeln!(f, "{cores} cores, {system} {architecture}, {build}")?;
        let settings: Vec<String> =
            postgresql.iter().map(|(name, value)| format!("{name} {value}")).collect();
        write!(f, "PostgreSQL: {}", settings.join(", "))
    }
}

/// A figure over all rounds.
#[derive(Serialize)]
struct Figure {
    name: &'static str,
    #[serde(flatten)]
    spread: Spread,
}

/// A promised ratio over all rounds.
#[derive(Serialize)]
struct Ratio {
    what: &'static str,
    #[serde(flatten)]
    spread: Spread,
    wanted: Wanted,
    kept: bool,
}

/// What a run found.
#[derive(Serialize)]
pub(crate) struct Report {
    machine: Machine,
    rounds: u32,
    events: u64,
    customers: u64,
    history: u64,
    connections: u16,
    steady_rate: u32,
    seconds: u64,
    figures: Vec<Figure>,
    ratios: Vec<Ratio>,
    /// Of the whole database, for each event that was settled in it.
    bytes_per_settled_event: Option<i64>,
}

impl Report {
    /// Medians and ratios. A ratio is taken within each round, since the machine may differ from one to the next. `room` is the
    /// database's bytes, and the events that were settled in it.
    pub(crate) fn new(
        plan: &Plan,
        machine: Machine,
        figures: Figures,
        took: Duration,
        room: Option<(i64, i64)>,
    ) -> Self {
        let ratios = PROMISES.iter().filter_map(|(what, above, below, wanted)| {
            let (above, below) = (figures.0.get(above)?, figures.0.get(below)?);
            let spread = Spread::of(above.iter().zip(below).map(|(above, below)| above / below).collect())?;
            Some(Ratio { what: what.trim_end(), spread, wanted: *wanted, kept: wanted.holds(spread.median) })
        });
        Self {
            rounds: plan.rounds,
            events: plan.events,
            customers: plan.customers(),
            history: plan.history,
            connections: plan.connections,
            steady_rate: plan.rate,
            seconds: took.as_secs(),
            ratios: ratios.collect(),
            figures: figures
                .0
                .into_iter()
                .filter_map(|(name, figures)| Some(Figure { name, spread: Spread::of(figures)? }))
                .collect(),
            machine,
            bytes_per_settled_event: room.and_then(|(bytes, settled)| bytes.checked_div(settled)),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "{} rounds of {} events of {} customers, {} payments behind each, {} connections; {} s in all\n",
            self.rounds, self.events, self.customers, self.history, self.connections, self.seconds
        )?;
        let mut table = output::table(["figure", "median", "least", "most"]);
        for Figure { name, spread: Spread { median, min, max } } in &self.figures {
            table.add_row([(*name).to_owned(), figure(*median), figure(*min), figure(*max)]);
        }
        writeln!(f, "{table}\n")?;
        let mut table = output::table(["ratio within a round", "median", "least", "most", "wanted", "kept"]);
        for Ratio { what, spread: Spread { median, min, max }, wanted, kept } in &self.ratios {
            let wanted = match wanted {
                Wanted::AtLeast(least) => format!("≥ {least}"),
                Wanted::AtMost(most) => format!("≤ {most}"),
            };
            let kept = if *kept { "yes" } else { "no" }.to_owned();
            table.add_row([(*what).to_owned(), ratio(*median), ratio(*min), ratio(*max), wanted, kept]);
        }
        write!(f, "{table}")?;
        if let Some(bytes) = self.bytes_per_settled_event {
            write!(f, "\n\n{bytes} bytes on disk for each settled event")?;
        }
        Ok(())
    }
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn ratio(value: f64) -> String {
    format!("{value:.2}")
}
