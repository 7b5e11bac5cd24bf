//! `tributary endpoint create`

use super::{item::EndpointItem, outgoing};
use crate::context::Context;
use crate::realm_args::RealmArgs;
use app::endpoints::{self, Draft};
use clap::Args;
use common::config::NotifyArgs;

/// Options of `endpoint create`.
#[derive(Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// Where notifications are posted to: HTTPS on a public address, unless the operator allows others
    #[arg(long, value_name = "URL")]
    url: String,
    /// Which events, separated by commas; `*` is all, also those to come
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "*")]
    events: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// One at a time, in order: one that fails holds up those behind it
    #[arg(long)]
    ordered: bool,
    /// How long one try may take
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(i16).range(1..=30))]
    timeout: i16,
    /// What it is signed with [default: a new one]
    #[arg(long, value_name = "whsec_…")]
    secret: Option<String>,
    #[command(flatten)]
    notify: NotifyArgs,
}

/// Makes one and shows it.
pub(super) async fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let realm = args.realm.realm(&mut *pool.acquire().await?).await?;
    let draft = Draft {
        url: args.url.clone(),
        description: args.description.clone(),
        events: args.events.iter().map(|event| event.trim().to_owned()).collect(),
        ordered: args.ordered,
        timeout_seconds: Some(args.timeout),
        secret: args.secret.clone(),
    };
    let (endpoint, secret) = endpoints::create(&pool, &outgoing(&args.notify)?, realm, &draft).await?;
    context.print(&EndpointItem::with_secret(endpoint, secret.expose()))
}
