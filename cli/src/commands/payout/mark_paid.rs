//! `tributary payout mark-paid`

use super::{
    ActorArgs,
    item::{self, PayoutItem},
};
use crate::context::Context;
use app::payouts::{self, Which};
use chrono::Utc;
use clap::{ArgGroup, Args};
use domain::{
    day::Day,
    ids::{BatchId, PayoutId},
};
use serde::Serialize;
use std::fmt;

/// Options of `payout mark-paid`.
#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "batch"]))]
pub(crate) struct MarkPaidArgs {
    /// The payouts
    #[arg(value_name = "PAYOUT")]
    ids: Vec<i64>,
    /// All that are open of those that were made together
    #[arg(long, value_name = "ID")]
    batch: Option<i64>,
    /// The bank's or provider's name for the payment
    #[arg(long, value_name = "R", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reference: String,
    /// The day on which the money left [default: today]
    #[arg(long, value_name = "DATE")]
    paid_at: Option<Day>,
    #[command(flatten)]
    actor: ActorArgs,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Paid(Vec<PayoutItem>);

/// Marks them: all, or none.
pub(super) async fn run(args: &MarkPaidArgs, context: &Context) -> anyhow::Result<()> {
    let ids: Vec<PayoutId> = args.ids.iter().copied().map(PayoutId).collect();
    let which = match args.batch {
        None => Which::Payouts(&ids),
        Some(batch) => Which::Batch(BatchId(batch)),
    };
    let (pool, actor) = (context.database().await?, args.actor.name());
    let how = payouts::Paid { reference: &args.reference, on: args.paid_at, actor: &actor };
    let paid = payouts::mark_paid(&pool, which, how, Utc::now()).await?;
    context.print(&Paid(paid.into_iter().map(PayoutItem::from).collect()))
}

impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        item::table(&self.0).fmt(f)
    }
}
