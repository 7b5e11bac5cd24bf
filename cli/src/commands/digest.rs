//! `tributary digest`

use crate::{
    context::{self, Context},
    output,
};
use clap::Args;
use domain::ids::ProjectId;
use serde::Serialize;
use std::fmt;
use store::digest;

/// Options of `digest`.
#[derive(Args)]
pub(crate) struct DigestArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// Print the lines that are hashed: two ledgers that should be equal are compared by these
    #[arg(long, conflicts_with = "json")]
    lines: bool,
}

#[derive(Serialize)]
struct Digested {
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    digest: String,
}

/// Prints it.
pub(super) async fn run(args: &DigestArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let project_id = args.project.map(ProjectId);
    if let Some(id) = project_id {
        context::project(&mut connection, id).await?;
    }
    if args.lines {
        let mut printed = Ok(());
        digest::each_line(&mut connection, project_id, |line| {
            if printed.is_ok() {
                printed = output::line(line);
            }
        })
        .await?;
        return printed;
    }
    context.print(&Digested { project_id, digest: digest::of(&mut connection, project_id).await? })
}

impl fmt::Display for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digest)
    }
}
