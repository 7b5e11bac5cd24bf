//! `tributary endpoint delete`

use super::EndpointArgs;
use crate::context::Context;
use app::endpoints;
use clap::Args;
use domain::ids::EndpointId;
use serde::Serialize;
use std::fmt;

/// Options of `endpoint delete`.
#[derive(Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the field is what its JSON says")]
struct Deleted {
    id: EndpointId,
    url: String,
    deleted: bool,
}

/// Deletes one.
pub(super) async fn run(args: &DeleteArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let (realm, id) = args.endpoint.find(&mut transaction).await?;
    let endpoint = endpoints::delete(&mut transaction, realm, id).await?;
    transaction.commit().await?;
    context.print(&Deleted { id, url: endpoint.url, deleted: true })
}

impl fmt::Display for Deleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint {}, {}, is deleted. The feed keeps what was not sent.", self.id, self.url)
    }
}
