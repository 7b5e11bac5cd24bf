//! More connections than the process may open, and than it keeps.

use crate::victims::beside;
use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use tests::launch::Launch;
use tokio::net::TcpStream;

/// What the process may open when it starts, and more than that.
const LIMIT: u32 = 256;
const IDLE: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_beyond_the_soft_limit_of_files_delay_nobody() -> Result<()> {
    beside(
        async |deployment| Launch::with_open_files(LIMIT, "tributary-api", deployment),
        async |api, _| {
            let connections = stream::iter(0..IDLE).map(|_| TcpStream::connect(api));
            Ok(connections.buffer_unordered(50).try_collect::<Vec<_>>().await?)
        },
        |_| Ok(()),
    )
    .await
}
