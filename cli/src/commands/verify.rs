//! `tributary verify`

use crate::context::{self, Context};
use anyhow::bail;
use clap::Args;
use domain::ids::ProjectId;
use serde::Serialize;
use std::fmt;
use store::verification::{self, Finding};

/// Options of `verify`.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
}

#[derive(Serialize)]
struct Verified {
    sound: bool,
    findings: Vec<Finding>,
}

/// Checks, and fails when a rule is broken.
pub(super) async fn run(args: &VerifyArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let project = args.project.map(ProjectId);
    if let Some(id) = project {
        context::project(&mut connection, id).await?;
    }
    let findings = verification::verify(&mut connection, project).await?;
    let broken = findings.iter().filter(|finding| finding.violations > 0).count();
    context.print(&Verified { sound: broken == 0, findings })?;
    if broken > 0 {
        bail!("{broken} rules of the ledger are broken");
    }
    Ok(())
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, finding) in self.findings.iter().enumerate() {
            let Finding { rule, violations, examples } = finding;
            if place > 0 {
                writeln!(f)?;
            }
            if *violations == 0 {
                write!(f, "holds   {rule}")?;
            } else {
                write!(f, "BROKEN  {rule}: {violations} times, e.g. {}", examples.join(", "))?;
            }
        }
        Ok(())
    }
}
