//! `tributary key revoke`

use crate::context::{self, Context};
use app::keys;
use clap::Args;
use domain::ids::ProjectId;
use serde::Serialize;
use std::fmt;

/// Options of `key revoke`.
#[derive(Args)]
pub(crate) struct RevokeArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The key, by the number that `key list` gives it
    #[arg(value_name = "KEY")]
    key: i64,
}

#[derive(Serialize)]
struct Revoked {
    id: i64,
    revoked: bool,
}

/// Ends one.
pub(super) async fn run(args: &RevokeArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let project = context::project(&mut connection, ProjectId(args.project)).await?;
    keys::revoke(&mut connection, project.id, args.key).await?;
    context.print(&Revoked { id: args.key, revoked: true })
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key {} is no longer valid.", self.id)
    }
}
