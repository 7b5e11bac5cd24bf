//! `tributary payout show`

use super::item::{self, PayoutItem};
use crate::{context::Context, output};
use anyhow::Context as _;
use clap::Args;
use comfy_table::Cell;
use domain::ids::{ConversionId, PayoutId};
use serde::Serialize;
use std::fmt;
use store::payouts::{self, PayoutError};

/// Options of `payout show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The payout
    #[arg(value_name = "PAYOUT")]
    id: i64,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    payout: PayoutItem,
    items: Vec<Item>,
}

/// What one conversion adds. Minor units.
#[derive(Serialize)]
struct Item {
    conversion_id: ConversionId,
    payment: String,
    occurred_at: String,
    /// Negative for what was taken back after an earlier payout.
    amount: i64,
    moved_since: i64,
}

/// Shows one.
pub(super) async fn run(args: &ShowArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let id = PayoutId(args.id);
    let payout = payouts::find(&mut connection, id).await?.context(PayoutError::Unknown(id))?;
    let items = payouts::items(&mut connection, id).await?.into_iter().map(|item| Item {
        conversion_id: item.conversion,
        payment: item.payment,
        occurred_at: output::time(item.occurred_at),
        amount: item.amount.minor,
        moved_since: item.moved_since.minor,
    });
    context.print(&Shown { payout: payout.into(), items: items.collect() })
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payout, items } = self;
        let PayoutItem { payout_id, batch_id, affiliate, created_at, .. } = payout;
        writeln!(f, "Payout {payout_id}, {} to {affiliate}\n", payout.money(payout.amount))?;
        writeln!(
            f,
            "  made    {created_at}, batch {batch_id} of project {} in {} mode",
            payout.project_id, payout.mode
        )?;
        writeln!(f, "  status  {}", payout.standing())?;
        if let Some(by) = &payout.closed_by {
            writeln!(f, "  by      {by}")?;
        }
        let mut table = output::table(["conversion", "payment", "date", "amount", "since"]);
        for item in items {
            table.add_row([
                Cell::new(item.conversion_id),
                Cell::new(&item.payment),
                Cell::new(item.occurred_at.get(..10).unwrap_or_default()),
                item::amount(payout.money(item.amount)),
                match item.moved_since {
                    0 => Cell::new(""),
                    minor => item::amount(payout.money(minor.saturating_neg())),
                },
            ]);
        }
        write!(f, "\n{table}")
    }
}
