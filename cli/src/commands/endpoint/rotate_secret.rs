//! `tributary endpoint rotate-secret`

use super::{EndpointArgs, item::EndpointItem, outgoing};
use crate::context::Context;
use app::endpoints;
use clap::Args;
use common::config::NotifyArgs;

/// Options of `endpoint rotate-secret`.
#[derive(Args)]
pub(crate) struct RotateSecretArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// What it is signed with [default: a new one]
    #[arg(long, value_name = "whsec_…")]
    secret: Option<String>,
    #[command(flatten)]
    notify: NotifyArgs,
}

/// Makes a new one and shows it.
pub(super) async fn run(args: &RotateSecretArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let (realm, id) = args.endpoint.find(&mut *pool.acquire().await?).await?;
    let outgoing = outgoing(&args.notify)?;
    let (endpoint, secret) =
        endpoints::rotate_secret(&pool, &outgoing, realm, id, args.secret.as_deref()).await?;
    context.print(&EndpointItem::with_secret(endpoint, secret.expose()))
}
