//! `tributary payout cancel`

use super::{ActorArgs, item::PayoutItem};
use crate::context::Context;
use app::payouts;
use chrono::Utc;
use clap::Args;
use domain::ids::PayoutId;
use serde::Serialize;
use std::fmt;

/// Options of `payout cancel`.
#[derive(Args)]
pub(crate) struct CancelArgs {
    /// The payout
    #[arg(value_name = "PAYOUT")]
    id: i64,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    #[command(flatten)]
    actor: ActorArgs,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Canceled(PayoutItem);

/// Cancels one.
pub(super) async fn run(args: &CancelArgs, context: &Context) -> anyhow::Result<()> {
    let (pool, actor) = (context.database().await?, args.actor.name());
    let canceled = payouts::cancel(&pool, PayoutId(args.id), &args.reason, &actor, Utc::now()).await?;
    context.print(&Canceled(canceled.into()))
}

impl fmt::Display for Canceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payout = &self.0;
        write!(
            f,
            "Payout {} is canceled: {} of {} is due again.",
            payout.payout_id,
            payout.money(payout.amount),
            payout.affiliate
        )
    }
}
