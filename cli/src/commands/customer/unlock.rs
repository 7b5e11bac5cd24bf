//! `tributary customer unlock`

use super::known;
use crate::{
    commands::decision::DecisionArgs,
    context::{self, Context},
};
use anyhow::bail;
use app::decisions;
use chrono::Utc;
use clap::Args;

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
    let (pool, now) = (context.database().await?, Utc::now());
    let mut transaction = pool.begin().await?;
    let project = context::project(&mut transaction, args.decision.project()).await?;
    let customer = match known(&args.decision, &mut transaction, &args.customer).await? {
        Ok(known) => known,
        Err(named) => bail!("nothing is known of {named} in project {}", project.id),
    };
    let (outbox, audit) = (args.decision.outbox(now), args.decision.audit(now)?);
    let decided = decisions::unlock(&mut transaction, outbox, customer, audit).await?;
    transaction.commit().await?;
    args.decision.show(context, &pool, decided, None).await
}
