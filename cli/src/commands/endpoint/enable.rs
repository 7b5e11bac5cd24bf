//! `tributary endpoint enable`

use super::{EndpointArgs, item::EndpointItem};
use crate::context::Context;
use app::endpoints;
use clap::Args;

/// Options of `endpoint enable`.
#[derive(Args)]
pub(crate) struct EnableArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
}

/// Sends to it again, and says what is parked.
pub(super) async fn run(args: &EnableArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let (realm, id) = args.endpoint.find(&mut connection).await?;
    let endpoint = endpoints::enable(&mut connection, realm, id).await?;
    context.print(&EndpointItem::from(endpoint))
}
