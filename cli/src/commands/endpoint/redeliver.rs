//! `tributary endpoint redeliver`

use super::EndpointArgs;
use crate::context::Context;
use anyhow::bail;
use app::endpoints;
use chrono::{DateTime, Utc};
use clap::Args;
use domain::day::DayOrTime;
use domain::ids::{DeliveryId, EndpointId};
use serde::Serialize;
use std::fmt;
use store::deliveries::Selection;

/// Options of `endpoint redeliver`.
#[derive(Args)]
pub(crate) struct RedeliverArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// These deliveries, by the numbers that `endpoint deliveries` shows
    #[arg(long, value_name = "ID", value_delimiter = ',', conflicts_with_all = ["failed", "from", "to"])]
    ids: Vec<i64>,
    /// Everything that failed or is parked
    #[arg(long, conflicts_with_all = ["from", "to"])]
    failed: bool,
    /// What was put on its way from this day or time on, e.g. 2026-01-01 or 2026-01-01T12:00:00Z
    #[arg(long, value_name = "DAY|TIME")]
    from: Option<DayOrTime>,
    /// What was put on its way until the end of this day, or at this time at the latest
    #[arg(long, value_name = "DAY|TIME")]
    to: Option<DayOrTime>,
}

#[derive(Serialize)]
struct Redelivered {
    endpoint_id: EndpointId,
    redelivered: u64,
}

/// Puts them on their way again, all of them.
pub(super) async fn run(args: &RedeliverArgs, context: &Context) -> anyhow::Result<()> {
    let selection = match (args.ids.as_slice(), args.from.or(args.to), args.failed) {
        ([], None, true) => Selection::Failed,
        ([], Some(_), false) => Selection::Range {
            from: args.from.map_or(DateTime::<Utc>::UNIX_EPOCH, DayOrTime::first),
            before: args.to.map_or(DateTime::<Utc>::MAX_UTC, DayOrTime::after),
        },
        ([_, ..], None, false) => Selection::Ids(args.ids.iter().copied().map(DeliveryId).collect()),
        _ => bail!("nothing to send: name --ids, --from and --to, or --failed"),
    };
    let pool = context.database().await?;
    let (realm, endpoint_id) = args.endpoint.find(&mut *pool.acquire().await?).await?;
    let mut redelivered = 0_u64;
    loop {
        let done = endpoints::redeliver(&pool, realm, endpoint_id, &selection).await?;
        redelivered = redelivered.saturating_add(done.redelivered);
        if !done.has_more {
            return context.print(&Redelivered { endpoint_id, redelivered });
        }
    }
}

impl fmt::Display for Redelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint_id, redelivered } = self;
        write!(f, "{redelivered} notifications are on their way to endpoint {endpoint_id} again.")
    }
}
