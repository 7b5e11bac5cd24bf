//! `tributary endpoint update`

use super::{EndpointArgs, item::EndpointItem, outgoing};
use crate::context::Context;
use anyhow::ensure;
use app::endpoints;
use clap::{Args, ValueEnum};
use common::config::NotifyArgs;
use store::webhook_endpoints::{Change, EndpointStatus};

/// Options of `endpoint update`.
#[derive(Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// Where notifications are posted to
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Which events, separated by commas; `*` is all, also those to come
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    events: Option<Vec<String>>,
    /// What it is for; an empty text clears it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whether one is sent at a time, in order
    #[arg(long, value_name = "BOOL")]
    ordered: Option<bool>,
    /// How long one try may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i16).range(1..=30))]
    timeout: Option<i16>,
    /// Whether it is sent to; what comes while it is paused is parked
    #[arg(long, value_enum)]
    status: Option<Status>,
    #[command(flatten)]
    notify: NotifyArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    /// It is
    Active,
    /// Not for a while
    Paused,
}

/// Changes one and shows it.
pub(super) async fn run(args: &UpdateArgs, context: &Context) -> anyhow::Result<()> {
    let change = Change {
        url: args.url.clone(),
        description: args.description.clone().map(|text| Some(text).filter(|text| !text.trim().is_empty())),
        events: args.events.clone(),
        ordered: args.ordered,
        timeout_seconds: args.timeout,
        status: args.status.map(|status| match status {
            Status::Active => EndpointStatus::Active,
            Status::Paused => EndpointStatus::Paused,
        }),
    };
    ensure!(
        change != Change::default(),
        "nothing to change: `tributary endpoint update --help` says what can be"
    );
    let pool = context.database().await?;
    let (realm, id) = args.endpoint.find(&mut *pool.acquire().await?).await?;
    let endpoint = endpoints::update(&pool, &outgoing(&args.notify)?, realm, id, change).await?;
    context.print(&EndpointItem::from(endpoint))
}
