//! `tributary reconcile`

use crate::{
    context::{self, Context},
    output,
    stripe_args::StripeAccess,
};
use anyhow::{bail, ensure};
use app::{
    backfill,
    reconcile::{self, Compared},
};
use chrono::{TimeDelta, Utc};
use clap::Args;
use domain::{
    day::Day,
    ids::{Mode, ProjectId, Realm},
};
use queue::Prefix;
use serde::Serialize;
use std::fmt;
use store::reconciliations::Reconciliation;
use stripe::client::{Lists, Span};

/// Options of `reconcile`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReconcileArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The mode of the account's key and of what is compared
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// So many days back; Stripe keeps events for 30
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=30))]
    days: u32,
    /// Also compare what was made from this day on, and is older than Stripe's events, with the ledger: a report, nothing is changed
    #[arg(long, value_name = "DATE")]
    objects_from: Option<Day>,
    #[command(flatten)]
    stripe: StripeAccess,
    /// The deployment whose workers settle what is missing, when several share a database
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value_t)]
    queue_prefix: Prefix,
}

const EXAMPLES: &str = "\
Stripe's events are compared with the inbox. What is missing is put on the queue, and the command fails, so that whoever runs it
hears of it; run again, it finds nothing. Workers do the same every day. Stripe keeps events for 30 days: --objects-from compares
older payments, refunds and disputes with the ledger and reports those that it does not know; `tributary backfill` reads them.

Examples:
  tributary reconcile --project 1 --mode live
  tributary reconcile --project 1 --mode live --days 30 --objects-from 2026-01-01 --json";

#[derive(Serialize)]
struct Report {
    project_id: ProjectId,
    mode: Mode,
    since: String,
    until: String,
    seen: usize,
    missing: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    older: Option<Older>,
}

/// Objects that are older than Stripe's events.
#[derive(Serialize)]
struct Older {
    from: String,
    #[serde(flatten)]
    compared: Compared,
}

/// Compares, and fails when something was missing.
pub(super) async fn run(args: &ReconcileArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let project = context::project(&mut connection, ProjectId(args.project)).await?.id;
    let realm = Realm { project, mode: args.mode };
    let key = args.stripe.key(&mut connection, realm).await?;
    let lists = Lists::new(&key, args.stripe.base(), backfill::calls_per_second(args.mode))?;
    let queue = &args.queue_prefix;
    let done = reconcile::reconcile(&mut connection, queue, &lists, realm, args.days, Utc::now()).await?;
    let missing = done.missing.len();
    let mut report = Report::from(done);
    if let Some(from) = args.objects_from {
        let now = Utc::now();
        let until = now - TimeDelta::days(i64::from(reconcile::MOST_DAYS));
        let span = Span { since: from.start(), until };
        ensure!(span.since < until, "--objects-from is a day of more than {} days ago", reconcile::MOST_DAYS);
        let keys = args.stripe.keys();
        let found = reconcile::compare_objects(&mut connection, &lists, realm, span, &keys, now).await?;
        report.older = Some(Older { from: output::time(span.since), compared: found });
    }
    let older = report.older.as_ref().map_or(0, |older| older.compared.count());
    context.print(&report)?;
    match (missing, older) {
        (0, 0) => Ok(()),
        (0, older) => bail!("{}", unknown(older, args)),
        (missing, 0) => bail!("{}", on_the_queue(missing)),
        (missing, older) => bail!("{}; {}", on_the_queue(missing), unknown(older, args)),
    }
}

fn on_the_queue(missing: usize) -> String {
    match missing {
        1 => "one event was missing and is on the queue now".to_owned(),
        _ => format!("{missing} events were missing and are on the queue now"),
    }
}

fn unknown(older: usize, args: &ReconcileArgs) -> String {
    let objects =
        if older == 1 { "one older object is".to_owned() } else { format!("{older} older objects are") };
    format!(
        "{objects} not in the ledger: tributary backfill --project {} --mode {} --from … reads them",
        args.project, args.mode
    )
}

impl From<Reconciliation> for Report {
    fn from(done: Reconciliation) -> Self {
        let Reconciliation { realm, since, until, seen, missing } = done;
        let (project_id, mode) = (realm.project, realm.mode);
        Self {
            project_id,
            mode,
            since: output::time(since),
            until: output::time(until),
            seen,
            missing,
            older: None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, mode, since, until, seen, missing, older } = self;
        writeln!(f, "Events of project {project_id} in {mode} mode, from {since} until {until}.")?;
        write!(f, "{seen} are read; {} were missing", missing.len())?;
        for event in missing {
            write!(f, "\n  {event}")?;
        }
        if let Some(Older { from, compared }) = older {
            write!(f, "\n{} older facts about money from {from} on; ", compared.seen)?;
            write!(f, "{} are not in the ledger", compared.count())?;
            for (list, ids) in &compared.missing {
                write!(f, "\n  {list}: {}", ids.join(", "))?;
            }
        }
        Ok(())
    }
}
