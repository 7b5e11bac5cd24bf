//! All measurements, in turns: what one round's machine was like, all of its figures share.

use super::measure::{accept, backlog, bare, consoles, hot, look_up, notified, settle, steady};
use super::plan::Plan;
use super::report::{Figures, Machine, Report};
use super::site::{Site, Through};
use anyhow::Context as _;
use indicatif::ProgressBar;
use std::time::Instant;
use store::databases;

/// Payments behind each customer, in the measurement that asks what history costs.
const HISTORY: u64 = 100;

/// Runs the plan; what was measured, and how it ended. What went before a measurement that failed is not lost.
pub(crate) async fn run(
    site: &Site,
    plan: &Plan,
    progress: &ProgressBar,
) -> anyhow::Result<(Report, anyhow::Result<()>)> {
    let began = Instant::now();
    let machine = Machine::read(&mut *site.pool.acquire().await?).await?;
    let mut figures = Figures::default();
    progress.set_length(u64::from(plan.rounds) * steps(plan));
    let mut ended = Ok(());
    for round in 1..=plan.rounds {
        let step = |name: &str| progress.set_message(format!("round {round} of {}: {name}", plan.rounds));
        ended = Round { site, plan, figures: &mut figures, progress, step: &step }.run().await;
        if ended.is_err() {
            break;
        }
    }
    let took = began.elapsed();
    // Where something failed the database may be away, and what was measured is told without it.
    let room = match ended {
        Ok(()) => Some((databases::size(&mut *site.pool.acquire().await?).await?, site.settled().await?)),
        Err(_) => None,
    };
    Ok((Report::new(plan, machine, figures, took, room), ended))
}

/// Every measurement, by name.
const NAMES: [&str; 18] = [
    "bare http",
    "bare confirms",
    "accept rabbitmq",
    "bare group commits",
    "accept postgres",
    "bare inbox",
    "bare inbox and entry",
    "settle",
    "settle notified",
    "settle two workers",
    "settle rabbitmq",
    "settle history",
    "look-up",
    "hot customer",
    "shared address",
    "steady",
    "consoles",
    "backlog",
];

fn steps(plan: &Plan) -> u64 {
    u64::try_from(NAMES.iter().filter(|name| plan.wants(name)).count()).unwrap_or_default()
}

struct Round<'a> {
    site: &'a Site,
    plan: &'a Plan,
    figures: &'a mut Figures,
    progress: &'a ProgressBar,
    step: &'a dyn Fn(&str),
}

impl Round<'_> {
    async fn run(mut self) -> anyhow::Result<()> {
        for name in NAMES {
            let needs_broker = matches!(name, "bare confirms" | "accept rabbitmq" | "settle rabbitmq");
            if !self.plan.wants(name) || (needs_broker && !self.site.has_broker()) {
                continue;
            }
            (self.step)(name);
            self.measure(name).await.with_context(|| format!("measuring {name:?}"))?;
            self.progress.inc(1);
        }
        Ok(())
    }

    async fn measure(&mut self, name: &'static str) -> anyhow::Result<()> {
        let (site, plan) = (self.site, self.plan);
        let through = if site.has_broker() { Through::Broker } else { Through::Database };
        match name {
            "bare http" => self.figures.add(name, bare::http(site, plan).await?),
            "bare confirms" => self.figures.add(name, bare::confirms(site, plan).await?),
            "bare group commits" => self.figures.add(name, bare::group_commits(site, plan).await?),
            "bare inbox" => self.figures.add(name, bare::inbox(site, plan).await?),
            "bare inbox and entry" => self.figures.add(name, bare::inbox_and_entry(site, plan).await?),
            "accept rabbitmq" => self.accept(name, Through::Broker).await?,
            "accept postgres" => self.accept(name, Through::Database).await?,
            "settle" => self.settle(name, Through::Database, 1, plan.history).await?,
            "settle notified" => {
                let seen = notified::measure(site, plan).await?;
                self.figures.add(name, seen.settled);
                self.figures.add("settle notified: delivered a second", seen.delivered);
            }
            "settle two workers" => self.settle(name, Through::Database, 2, plan.history).await?,
            "settle rabbitmq" => self.settle(name, Through::Broker, 1, plan.history).await?,
            "settle history" => self.settle(name, Through::Database, 1, HISTORY).await?,
            "look-up" => {
                let (looked_up, selected) = look_up::measure(site, plan).await?;
                self.figures.add("look-up", looked_up);
                self.figures.add("bare select", selected);
            }
            "hot customer" => {
                let (few, many) = hot::measure(site, plan).await?;
                self.figures.add("hot: after 10 payments, ms", few);
                self.figures.add("hot: after most payments, ms", many);
            }
            "shared address" => {
                let (few, many) = hot::measure_address(site, plan).await?;
                self.figures.add("address: after 10 customers, ms", few);
                self.figures.add("address: after most customers, ms", many);
            }
            "steady" => {
                let seen = steady::measure(site, plan, through).await?;
                self.figures.add("steady: accepted a second", seen.rate);
                self.figures.add("steady: answered p50, ms", seen.accepted.0);
                self.figures.add("steady: answered p99, ms", seen.accepted.1);
                self.figures.add("steady: visible p50, ms", seen.visible.0);
                self.figures.add("steady: visible p99, ms", seen.visible.1);
                self.figures.add_memory("steady: api, MiB", seen.api_bytes);
                self.figures.add_memory("steady: worker, MiB", seen.worker_bytes);
            }
            "consoles" => {
                if let Some(seen) = consoles::measure(site, plan).await? {
                    self.figures.add("consoles: database without them, cores", seen.without);
                    self.figures.add("consoles: database with 20 of them, cores", seen.with);
                    self.figures.add("consoles: answered p95, ms", seen.answered_p95);
                }
            }
            _ => {
                let seen = backlog::measure(site, plan, through).await?;
                self.figures.add("backlog: answered p99 before, ms", seen.quiet_p99);
                self.figures.add("backlog: answered p99 while it drains, ms", seen.draining_p99);
                self.figures.add("backlog: settled a second", seen.rate);
            }
        }
        Ok(())
    }

    async fn accept(&mut self, name: &'static str, through: Through) -> anyhow::Result<()> {
        let seen = accept::measure(self.site, self.plan, through).await?;
        let (p50, p99) = match through {
            Through::Broker => ("accept rabbitmq: p50, ms", "accept rabbitmq: p99, ms"),
            Through::Database => ("accept postgres: p50, ms", "accept postgres: p99, ms"),
        };
        self.figures.add(name, seen.rate);
        self.figures.add(p50, seen.p50);
        self.figures.add(p99, seen.p99);
        Ok(())
    }

    async fn settle(
        &mut self,
        name: &'static str,
        through: Through,
        workers: usize,
        history: u64,
    ) -> anyhow::Result<()> {
        let rate = settle::measure(self.site, self.plan, through, workers, history).await?;
        self.figures.add(name, rate);
        Ok(())
    }
}
