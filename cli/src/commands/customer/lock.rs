//! `tributary customer lock`

use super::known;
use crate::{
    commands::decision::DecisionArgs,
    context::{self, Context},
};
use app::decisions::{self, LockTo};
use chrono::Utc;
use clap::Args;

/// Options of `customer lock`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LockArgs {
    /// The customer, by Stripe's id, by address (then everybody who has it), or by your own id
    #[arg(value_name = "cus_…|EMAIL|ID")]
    customer: String,
    /// Whom to: an affiliate, or that nobody earns
    #[arg(long, value_name = "ID|EMAIL|none")]
    affiliate: String,
    #[command(flatten)]
    decision: DecisionArgs,
}

const EXAMPLES: &str = "\
Examples:
  tributary customer lock cus_OzX4k2Q --project 1 --affiliate 7 --reason 'agreed by mail on 3 May'
  tributary customer lock nora@example.com --project 1 --affiliate none --reason 'our own staff' --wait

All payments of the customer are judged again, those of the past as well. A lock goes before everything else;
the latest one on a customer stands.";

/// Locks one.
pub(super) async fn run(args: &LockArgs, context: &Context) -> anyhow::Result<()> {
    let (pool, now) = (context.database().await?, Utc::now());
    let mut transaction = pool.begin().await?;
    context::project(&mut transaction, args.decision.project()).await?;
    let (realm, customer, note) = match known(&args.decision, &mut transaction, &args.customer).await? {
        Ok((realm, customer)) => (realm, customer, None),
        Err(named) => {
            let note = format!("Nothing is known of {named} yet: the lock waits for them.");
            (args.decision.realm_of_the_unknown(&named)?, named, Some(note))
        }
    };
    let nobody = args.affiliate.trim().eq_ignore_ascii_case("none");
    let to = if nobody { LockTo::Nobody } else { LockTo::Affiliate(&args.affiliate) };
    let (outbox, audit) = (args.decision.outbox(now), args.decision.audit(now)?);
    let decided = decisions::lock(&mut transaction, outbox, (realm, customer), to, audit).await?;
    transaction.commit().await?;
    args.decision.show(context, &pool, decided, note).await
}
