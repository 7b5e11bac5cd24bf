//! `tributary conversion …`

use super::decision::DecisionArgs;
use crate::context::{self, Context};
use anyhow::Context as _;
use chrono::Utc;
use clap::{Args, Subcommand};
use domain::{
    command,
    decision::{Ruling, Verdict},
    ids::{ConversionId, Realm},
    key::Key,
};
use store::{
    PgConnection,
    decisions::{self, DecisionKind, NewDecision},
};

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
    let (args, ruling, decided) = match command {
        Command::Hold(args) => (args, Ruling::Hold, "held"),
        Command::Release(args) => (args, Ruling::Release, "released"),
        Command::Reject(args) => (args, Ruling::Reject, "rejected"),
    };
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    context::project(&mut connection, args.decision.project()).await?;
    let (realm, payment) = payment(&mut connection, &args).await?;
    drop(connection);
    let word = args.decision.word(Utc::now())?;
    let new = NewDecision { kind: DecisionKind::Verdict, subject: &payment, decided, word: &word };
    let verdict = Verdict { payment: payment.clone(), ruling, word: word.clone() };
    let command = |id, accepted_at| command::Command::Verdict { id, accepted_at, verdict };
    args.decision.decide(context, &pool, realm, new, None, command).await
}

async fn payment(connection: &mut PgConnection, args: &VerdictArgs) -> anyhow::Result<(Realm, Key)> {
    let (named, project) = (args.conversion.trim(), args.decision.project());
    if let Ok(id) = named.parse() {
        let found = decisions::payment(connection, project, ConversionId(id)).await?;
        return found.with_context(|| format!("project {project} has no conversion {id}"));
    }
    // A number of the caller's own may look like anything, also like a customer.
    let stored = Key::stored(named.to_owned());
    let keys = if stored.kind().is_of_a_payment() { vec![stored] } else { vec![Key::reference(named)] };
    let known = args.decision.known(connection, &keys).await?;
    known.with_context(|| {
        format!(
            "project {project} knows no payment {named}; of a customer, `tributary explain {named}` shows the payments"
        )
    })
}
