//! `tributary payout list`

use super::item::{self, PayoutItem};
use crate::context::Context;
use crate::realm_args::RealmArgs;
use clap::{Args, ValueEnum};
use domain::{ids::BatchId, money::Currency};
use serde::Serialize;
use std::fmt;
use store::payouts::{self, Filter};

/// Options of `payout list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// Only those that stand so
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only those of this affiliate, by number or address
    #[arg(long, value_name = "ID|EMAIL")]
    affiliate: Option<String>,
    /// Only those that were made together
    #[arg(long, value_name = "ID")]
    batch: Option<i64>,
    /// Only those in this currency
    #[arg(long, value_name = "CODE", value_parser = Currency::stored)]
    currency: Option<Currency>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

/// Where a payout stands.
#[derive(Clone, Copy, ValueEnum)]
enum Status {
    /// Frozen, not paid yet
    Open,
    /// The money left
    Paid,
    /// Given up
    Canceled,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<PayoutItem>);

/// Lists them.
pub(super) async fn run(args: &ListArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let realm = args.realm.realm(&mut connection).await?;
    let affiliate = match &args.affiliate {
        Some(name) => Some(app::payouts::affiliate(&mut connection, realm, name).await?.0),
        None => None,
    };
    let status = args.status.map(|status| match status {
        Status::Open => "open".to_owned(),
        Status::Paid => "paid".to_owned(),
        Status::Canceled => "canceled".to_owned(),
    });
    let filter = Filter {
        status,
        affiliate,
        batch: args.batch.map(BatchId),
        currency: args.currency,
        ..Filter::default()
    };
    let listed = payouts::list(&mut connection, realm, &filter, args.limit).await?;
    context.print(&Listed(listed.into_iter().map(PayoutItem::from).collect()))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There are no such payouts.");
        }
        item::table(&self.0).fmt(f)
    }
}
