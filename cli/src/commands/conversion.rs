//! `tributary conversion …`

use super::decision::DecisionArgs;
use crate::context::{self, Context};
use anyhow::Context as _;
use app::decisions;
use chrono::Utc;
use clap::{Args, Subcommand};
use domain::{decision::Ruling, ids::Realm, key::Key};
use store::PgConnection;

/// `conversion …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Hold all that is left of a commission, until it is released
    Hold(VerdictArgs),
    /// Let a commission be earned that was held or rejected; what is disputed stays held
    Release(VerdictArgs),
    /// Owe nothing of a commission; what it was stays on record
    Reject(VerdictArgs),
}

/// Which payment's, by whom and why.
#[derive(Args)]
pub(crate) struct VerdictArgs {
    /// The conversion's number, or any id of its payment
    #[arg(value_name = "ID|in_…|pi_…")]
    conversion: String,
    #[command(flatten)]
    decision: DecisionArgs,
}

/// Decides on one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    let (args, ruling) = match command {
        Command::Hold(args) => (args, Ruling::Hold),
        Command::Release(args) => (args, Ruling::Release),
        Command::Reject(args) => (args, Ruling::Reject),
    };
    let (pool, now) = (context.database().await?, Utc::now());
    let mut transaction = pool.begin().await?;
    context::project(&mut transaction, args.decision.project()).await?;
    let payment = payment(&mut transaction, &args).await?;
    let audit = args.decision.audit(now)?;
    let decided =
        decisions::rule(&mut transaction, args.decision.outbox(now), payment, ruling, audit).await?;
    transaction.commit().await?;
    args.decision.show(context, &pool, decided, None).await
}

async fn payment(connection: &mut PgConnection, args: &VerdictArgs) -> anyhow::Result<(Realm, Key)> {
    let (named, project) = (args.conversion.trim(), args.decision.project());
    let found = decisions::payment(connection, project, args.decision.mode, named).await?;
    found.with_context(|| match named.parse::<i64>() {
        Ok(id) => format!("project {project} has no conversion {id}"),
        Err(_) => format!(
            "project {project} knows no payment {named}; of a customer, `tributary explain {named}` shows the payments"
        ),
    })
}
