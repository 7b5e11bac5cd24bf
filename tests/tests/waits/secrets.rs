//! What a log never holds.

use crate::support::{ends_well, sale, settle};
use anyhow::{Context, Result, ensure};
use tests::{deployment, feed::Feed, launch::Launch, stores::Backend};

#[tokio::test(flavor = "multi_thread")]
async fn no_level_of_logging_writes_the_password_of_the_broker() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let log = tempfile::NamedTempFile::new()?;
        let worker = Launch::of("tributary-worker", deployment)?
            .env("RUST_LOG", "trace,lapin=trace,amq=trace")
            .stderr(log.reopen()?)
            .start()?;
        Feed::of(deployment).await?.event(realm, sale(0).invoice_paid()).await?;
        settle(&deployment.pool, realm, 1).await?;
        ends_well(deployment, worker).await?;
        let url = deployment.amqp_url.as_deref().context("a broker")?;
        let password =
            url.rsplit_once('@').and_then(|(user, _)| user.rsplit_once(':')).context("a password")?.1;
        let text = String::from_utf8_lossy(&tokio::fs::read(log.path()).await?).into_owned();
        ensure!(text.contains("lapin"), "nothing of lapin was logged");
        let bytes = password.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
        ensure!(!text.contains(password) && !text.contains(&bytes), "the password is in the log");
        Ok(())
    })
    .await
}
