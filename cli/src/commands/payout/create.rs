//! `tributary payout create`

use super::{
    ActorArgs,
    item::{self, PayoutItem},
};
use crate::realm_args::RealmArgs;
use crate::{context::Context, output};
use app::payouts::{self, NewPayouts, Wanted};
use chrono::Utc;
use clap::Args;
use comfy_table::Cell;
use domain::{
    day::Day,
    ids::{AffiliateId, BatchId, Mode, ProjectId},
    money::{Currency, Money},
    payout::CarryReason,
};
use serde::Serialize;
use std::fmt;
use store::overview;

/// Options of `payout create`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// What was released up to the end of this day, UTC [default: up to now]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,
    /// Carry less than this over to the next payout; once for each currency
    #[arg(long = "minimum", value_name = "10.00usd")]
    minimums: Vec<Money>,
    /// Only this affiliate, by number or address
    #[arg(long, value_name = "ID|EMAIL")]
    affiliate: Option<String>,
    /// Your name for this run, such as 2026-06: said again, it answers again and pays nothing twice
    #[arg(long, value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    idempotency_key: String,
    #[command(flatten)]
    actor: ActorArgs,
}

const EXAMPLES: &str = "\
What is due of each affiliate and currency becomes one payout: released, not held, not paid. What was taken back after
an earlier payout is netted; a balance that stays negative, or below the minimum, is carried over. Rows and amounts are
frozen. Then: `payout export`, pay, `payout mark-paid`.

Examples:
  tributary payout create --project 1 --mode live --as-of 2026-06-30 --minimum 10.00usd --idempotency-key 2026-06
  tributary payout create --project 1 --affiliate anna@example.org --idempotency-key anna-extra";

#[derive(Serialize)]
struct Created {
    batch_id: BatchId,
    project_id: ProjectId,
    mode: Mode,
    /// Whether an earlier call with this key made it.
    repeated: bool,
    as_of: String,
    payouts: Vec<PayoutItem>,
    carried_over: Vec<CarriedOver>,
}

/// A balance that waits. Minor units.
#[derive(Serialize)]
struct CarriedOver {
    affiliate_id: AffiliateId,
    affiliate: String,
    currency: Currency,
    amount: i64,
    why: CarryReason,
}

/// Creates them.
pub(super) async fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let realm = args.realm.realm(&mut connection).await?;
    let affiliate = match &args.affiliate {
        Some(name) => Some(payouts::affiliate(&mut connection, realm, name).await?.0),
        None => None,
    };
    let wanted = Wanted {
        as_of: args.as_of,
        minimums: &args.minimums,
        currency: None,
        affiliates: affiliate.as_slice(),
    };
    let new = NewPayouts { key: &args.idempotency_key, wanted, actor: &args.actor.name() };
    let created = payouts::create(&pool, realm, new, Utc::now()).await?;
    let names = overview::affiliates(&mut connection, realm).await?;
    let carried_over = created.carried_over.into_iter().map(|carried| CarriedOver {
        affiliate_id: carried.affiliate,
        affiliate: names.get(&carried.affiliate).cloned().unwrap_or_default(),
        currency: carried.amount.currency,
        amount: carried.amount.minor,
        why: carried.why,
    });
    context.print(&Created {
        batch_id: created.batch,
        project_id: realm.project,
        mode: realm.mode,
        repeated: !created.is_new,
        as_of: output::time(created.as_of),
        payouts: created.payouts.into_iter().map(PayoutItem::from).collect(),
        carried_over: carried_over.collect(),
    })
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { batch_id, project_id, mode, repeated, as_of, payouts, carried_over } = self;
        let again = if *repeated { ", made before with this key" } else { "" };
        writeln!(f, "Batch {batch_id} of project {project_id} in {mode} mode, as of {as_of}{again}\n")?;
        if payouts.is_empty() {
            writeln!(f, "Nothing is due.")?;
        } else {
            writeln!(f, "{}", item::table(payouts))?;
        }
        if !carried_over.is_empty() {
            let mut table = output::table(["carried over", "balance", "why"]);
            for carried in carried_over {
                table.add_row([
                    Cell::new(&carried.affiliate),
                    item::amount(Money { minor: carried.amount, currency: carried.currency }),
                    Cell::new(match carried.why {
                        CarryReason::Negative => "more was taken back than is due",
                        CarryReason::BelowMinimum => "below the minimum",
                        CarryReason::Fraction => "less than a unit that banks take",
                    }),
                ]);
            }
            writeln!(f, "\n{table}")?;
        }
        Ok(())
    }
}
