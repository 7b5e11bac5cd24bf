//! `tributary endpoint list`

use super::item::Listed;
use crate::context::Context;
use crate::realm_args::RealmArgs;
use app::endpoints;
use clap::Args;
use store::{page::Page, webhook_endpoints};

/// Options of `endpoint list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    realm: RealmArgs,
}

/// Lists all.
pub(super) async fn run(args: &ListArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let realm = args.realm.realm(&mut connection).await?;
    let page = Page { limit: endpoints::MOST, offset: 0, after: None, may_stop: false };
    let listed = webhook_endpoints::list(&mut connection, realm, &page).await?;
    context.print(&Listed(listed.rows.into_iter().map(Into::into).collect()))
}
