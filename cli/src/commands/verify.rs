//! `tributary verify`

use crate::context::{self, Context};
use anyhow::bail;
use clap::Args;
use common::{
    domain::ids::ProjectId,
    queue::Prefix,
    store::verify::{self, Findings},
};
use serde::Serialize;
use std::fmt;

/// Options of `verify`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// Keeps deployments that share a database apart
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value = "tributary")]
    queue_prefix: Prefix,
}

const EXAMPLES: &str = "\
It fails when the ledger contradicts itself or something waits: run it when nothing is under way. Messages that wait in \
RabbitMQ are not seen.

Examples:
  tributary verify
  tributary verify --project 1 --json";

#[derive(Serialize)]
struct Verified {
    sound: bool,
    settled: bool,
    #[serde(flatten)]
    findings: Findings,
}

/// Looks, prints and fails when there is something to mend.
pub(super) async fn run(args: &VerifyArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let project = args.project.map(ProjectId);
    if let Some(id) = project {
        context::project(&mut connection, id).await?;
    }
    let findings = verify::verify(&mut connection, &args.queue_prefix, project).await?;
    let verified = Verified { sound: findings.is_sound(), settled: findings.is_settled(), findings };
    context.print(&verified)?;
    match (verified.sound, verified.settled) {
        (true, true) => Ok(()),
        (true, false) => bail!("something is not settled"),
        (false, _) => bail!("the ledger contradicts itself"),
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings { unbalanced, differing, overdrawn, pending, queued, dead_letters } = &self.findings;
        let line = |f: &mut fmt::Formatter<'_>, what: &str, bad: i64| match bad {
            0 => writeln!(f, "  ok   {what}"),
            bad => writeln!(f, "  NOT  {what}: {bad}"),
        };
        writeln!(f, "The ledger")?;
        line(f, "sums to zero for each affiliate and currency", *unbalanced)?;
        line(
            f,
            "says of each conversion what its columns say",
            i64::try_from(differing.len()).unwrap_or(i64::MAX),
        )?;
        for id in differing {
            writeln!(f, "       conversion {id}")?;
        }
        line(f, "takes back no more than was earned", *overdrawn)?;
        writeln!(f, "Left over")?;
        line(f, "no conversion waits for its verdict", *pending)?;
        line(f, "no message waits in PostgreSQL", *queued)?;
        line(f, "no dead letter is undecided", *dead_letters)
    }
}
