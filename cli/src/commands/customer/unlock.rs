//! `tributary customer unlock`

use super::known;
use crate::{
    commands::decision::DecisionArgs,
    context::{self, Context},
};
use anyhow::bail;
use chrono::Utc;
use clap::Args;
use domain::{
    command::Command,
    decision::{Lock, LockedTo},
};
use store::decisions::{DecisionKind, NewDecision};

/// Options of `customer unlock`.
#[derive(Args)]
pub(crate) struct UnlockArgs {
    /// The customer, by Stripe's id, by address (then everybody who has it), or by your own id
    #[arg(value_name = "cus_…|EMAIL|ID")]
    customer: String,
    #[command(flatten)]
    decision: DecisionArgs,
}

/// Releases one. Of several locks on one customer, under whatever names, none stands after it.
pub(super) async fn run(args: &UnlockArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let project = context::project(&mut connection, args.decision.project()).await?;
    let (realm, customer) = match known(&args.decision, &mut connection, &args.customer).await? {
        Ok(known) => known,
        Err(named) => bail!("nothing is known of {named} in project {}", project.id),
    };
    drop(connection);
    let word = args.decision.word(Utc::now())?;
    let new = NewDecision {
        kind: DecisionKind::Lock,
        subject: &customer,
        decided: "not locked any more",
        word: &word,
    };
    let lock = Lock { customer: customer.clone(), to: LockedTo::Released, word: word.clone() };
    let command = |id, accepted_at| Command::Lock { id, accepted_at, lock };
    args.decision.decide(context, &pool, realm, new, None, command).await
}
