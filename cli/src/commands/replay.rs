//! `tributary replay`

use crate::context::{self, Context};
use anyhow::Context as _;
use clap::Args;
use common::{
    domain::ids::{Mode, ProjectId, Realm},
    store::{
        PgConnection, digest, projects,
        settlement::{self, Replayed},
    },
};
use serde::Serialize;
use std::fmt;

/// Options of `replay`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// Compute it all and keep nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Nothing of the ledger is removed: what differs from what stands is posted beside it. The digests are equal unless this \
version reads an event otherwise than the one that settled it, or something was changed by hand.

Examples:
  tributary replay --dry-run    would anything change?
  tributary replay --project 1";

#[derive(Serialize)]
struct Rebuilt {
    dry_run: bool,
    projects: Vec<RebuiltProject>,
}

#[derive(Serialize)]
struct RebuiltProject {
    project_id: ProjectId,
    events: usize,
    facts: usize,
    conversions_changed: usize,
    entries_posted: usize,
    digest_before: String,
    digest_after: String,
}

/// Rebuilds one project or all, each in a transaction of its own.
pub(super) async fn run(args: &ReplayArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let ids = match args.project.map(ProjectId) {
        Some(id) => vec![context::project(&mut connection, id).await?.id],
        None => projects::list(&mut connection).await?.into_iter().map(|project| project.id).collect(),
    };
    drop(connection);
    let mut rebuilt = Rebuilt { dry_run: args.dry_run, projects: Vec::new() };
    for id in ids {
        let mut transaction = pool.begin().await?;
        let project = rebuild(&mut transaction, id).await.with_context(|| format!("project {id}"))?;
        if args.dry_run {
            transaction.rollback().await?;
        } else {
            transaction.commit().await?;
        }
        rebuilt.projects.push(project);
    }
    context.print(&rebuilt)
}

async fn rebuild(connection: &mut PgConnection, id: ProjectId) -> anyhow::Result<RebuiltProject> {
    let digest_before = digest::of(connection, Some(id)).await?;
    let mut sum = Replayed::default();
    for mode in [Mode::Test, Mode::Live] {
        let of_mode = settlement::replay(connection, Realm { project: id, mode }).await?;
        sum.events += of_mode.events;
        sum.facts += of_mode.facts;
        sum.conversions += of_mode.conversions;
        sum.entries += of_mode.entries;
    }
    Ok(RebuiltProject {
        project_id: id,
        events: sum.events,
        facts: sum.facts,
        conversions_changed: sum.conversions,
        entries_posted: sum.entries,
        digest_before,
        digest_after: digest::of(connection, Some(id)).await?,
    })
}

impl fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for project in &self.projects {
            writeln!(f, "project {}", project.project_id)?;
            writeln!(f, "  {} events read again, {} facts", project.events, project.facts)?;
            writeln!(
                f,
                "  {} conversions changed, {} ledger entries posted",
                project.conversions_changed, project.entries_posted
            )?;
            writeln!(f, "  digest before  {}", project.digest_before)?;
            writeln!(f, "  digest after   {}", project.digest_after)?;
        }
        let same = self.projects.iter().all(|project| project.digest_before == project.digest_after);
        f.write_str(match (same, self.dry_run) {
            (true, _) => "The ledger is what its events say.",
            (false, true) => "The ledger would change. Nothing was kept (--dry-run).",
            (false, false) => "The ledger has changed.",
        })
    }
}
