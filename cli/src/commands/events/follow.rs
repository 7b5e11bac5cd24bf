//! Follows the feed of a project and mode.

use anyhow::bail;
use clap::Args;
use domain::ids::Realm;
use domain::notification::Event;
use std::time::Duration;
use store::PgPool;
use store::notifications::{self, Feed, Notification};
use tokio_util::sync::CancellationToken;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(200);
/// Notifications of one look.
const PAGE: i64 = 100;

/// Which notifications.
#[derive(Args)]
pub(crate) struct Follow {
    /// Those behind this place in the sequence; 0 is everything there is [default: only what comes from now on]
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Only these events, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    types: Vec<String>,
}

impl Follow {
    /// Calls for each notification, in their sequence, until `shutdown`.
    pub(crate) async fn each(
        &self,
        pool: &PgPool,
        realm: Realm,
        shutdown: &CancellationToken,
        mut call: impl AsyncFnMut(&Notification) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if let Some(unknown) = self.types.iter().find(|name| Event::parse(name).is_none()) {
            bail!("there is no event {unknown:?}");
        }
        let types = Some(self.types.as_slice()).filter(|types| !types.is_empty());
        let mut after = match self.after {
            Some(after) => after,
            None => notifications::last_sequence(&mut *pool.acquire().await?, realm).await?,
        };
        while !shutdown.is_cancelled() {
            let Feed { notifications, next_after, has_more } =
                notifications::feed(&mut *pool.acquire().await?, realm, after, types, PAGE).await?;
            for notification in &notifications {
                call(notification).await?;
                if shutdown.is_cancelled() {
                    return Ok(());
                }
            }
            after = next_after;
            if !has_more {
                shutdown.run_until_cancelled(tokio::time::sleep(INTERVAL)).await;
            }
        }
        Ok(())
    }
}
