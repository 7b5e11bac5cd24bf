//! `tributary user disable`

use super::ACTOR;
use crate::context::Context;
use app::users;
use chrono::Utc;
use clap::Args;
use serde::Serialize;
use std::fmt;

/// Options of `user disable`.
#[derive(Args)]
pub(crate) struct DisableArgs {
    /// Who, by name
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Serialize)]
struct Disabled<'a> {
    name: &'a str,
}

/// Keeps them out.
pub(super) async fn run(args: &DisableArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    users::disable(&mut transaction, &args.name, ACTOR, Utc::now()).await?;
    transaction.commit().await?;
    context.print(&Disabled { name: args.name.trim() })
}

impl fmt::Display for Disabled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not sign in any more, and is signed out everywhere.", self.name)
    }
}
