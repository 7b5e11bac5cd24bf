//! `tributary payout mark-paid`

use super::{
    ActorArgs,
    item::{self, PayoutItem},
};
use crate::context::Context;
use anyhow::{bail, ensure};
use chrono::Utc;
use clap::{ArgGroup, Args};
use domain::{
    day::Day,
    ids::{BatchId, PayoutId},
};
use serde::Serialize;
use std::fmt;
use store::payouts::{self, Payment, State};

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
    let now = Utc::now();
    let at = args.paid_at.map_or(now, Day::start);
    ensure!(at <= now, "--paid-at is yet to come");
    let ids = match args.batch {
        None => args.ids.iter().copied().map(PayoutId).collect(),
        Some(batch) => in_batch(BatchId(batch), &args.reference, context).await?,
    };
    if let (Some(batch), true) = (args.batch, ids.is_empty()) {
        bail!("nothing done: no payout of batch {batch} is open");
    }
    let actor = args.actor.name();
    let payment = Payment { reference: &args.reference, at, actor: &actor };
    let paid =
        super::in_transaction(context, async |conn| payouts::mark_paid(conn, &ids, payment, now).await);
    context.print(&Paid(paid.await?.into_iter().map(PayoutItem::from).collect()))
}

/// The open payouts of a batch, and those that this very call paid before.
async fn in_batch(batch: BatchId, reference: &str, context: &Context) -> anyhow::Result<Vec<PayoutId>> {
    let mut connection = context.database().await?.acquire().await?;
    let payouts = payouts::of_batch(&mut connection, batch).await?;
    let concerned = payouts.into_iter().filter(|payout| match &payout.state {
        State::Open => true,
        State::Paid { reference: of, .. } => of == reference,
        State::Canceled { .. } => false,
    });
    Ok(concerned.map(|payout| payout.id).collect())
}

impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        item::table(&self.0).fmt(f)
    }
}
