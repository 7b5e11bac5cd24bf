//! `tributary reconcile`

use crate::{
    context::{self, Context},
    output,
    stripe_args::StripeAccess,
};
use anyhow::bail;
use app::{backfill, reconcile};
use chrono::Utc;
use clap::Args;
use domain::ids::{Mode, ProjectId, Realm};
use queue::Prefix;
use serde::Serialize;
use std::fmt;
use store::reconciliations::Reconciliation;
use stripe::client::Lists;

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
    #[command(flatten)]
    stripe: StripeAccess,
    /// The deployment whose workers settle what is missing, when several share a database
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value_t)]
    queue_prefix: Prefix,
}

const EXAMPLES: &str = "\
Stripe's events are compared with the inbox. What is missing is put on the queue, and the command fails, so that whoever runs it
hears of it; run again, it finds nothing. Workers do the same every day. For more than 30 days there is `tributary backfill`.

Examples:
  tributary reconcile --project 1 --mode live
  tributary reconcile --project 1 --mode live --days 30 --json";

#[derive(Serialize)]
struct Report {
    project_id: ProjectId,
    mode: Mode,
    since: String,
    until: String,
    seen: usize,
    missing: Vec<String>,
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
    context.print(&Report::from(done))?;
    if missing > 0 {
        bail!("{missing} events were missing and are on the queue now");
    }
    Ok(())
}

impl From<Reconciliation> for Report {
    fn from(done: Reconciliation) -> Self {
        let Reconciliation { realm, since, until, seen, missing } = done;
        let (project_id, mode) = (realm.project, realm.mode);
        Self { project_id, mode, since: output::time(since), until: output::time(until), seen, missing }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, mode, since, until, seen, missing } = self;
        writeln!(f, "Events of project {project_id} in {mode} mode, from {since} until {until}.")?;
        write!(f, "{seen} are read; {} were missing", missing.len())?;
        for event in missing {
            write!(f, "\n  {event}")?;
        }
        Ok(())
    }
}
