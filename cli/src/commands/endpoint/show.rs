//! `tributary endpoint show`

use super::{EndpointArgs, item::EndpointItem};
use crate::context::Context;
use app::endpoints;
use clap::Args;

/// Options of `endpoint show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
}

/// Shows one.
pub(super) async fn run(args: &ShowArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let (realm, id) = args.endpoint.find(&mut connection).await?;
    let endpoint = endpoints::find(&mut connection, realm, id).await?;
    context.print(&EndpointItem::from(endpoint))
}
