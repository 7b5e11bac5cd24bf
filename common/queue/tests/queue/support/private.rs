//! A broker of a test's own, for what would disturb every other test on a shared one.

use anyhow::{Context, Result, ensure};
use std::{path::PathBuf, process::Stdio};
use tempfile::TempDir;
use tokio::process::Command;

/// A RabbitMQ that ends with the test. A run that is interrupted leaves it to `./dev test` to end.
pub(crate) struct PrivateBroker {
    directory: TempDir,
    url: String,
}

impl PrivateBroker {
    pub(crate) async fn start() -> Result<Self> {
        let parent = std::env::var_os("TEST_SERVICES_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        std::fs::create_dir_all(&parent)?;
        let mut broker = Self { directory: TempDir::new_in(parent)?, url: String::new() };
        broker.services(&["up", "broker"]).await?;
        let settings = std::fs::read_to_string(broker.directory.path().join("env"))?;
        let url = settings.lines().find_map(|line| line.strip_prefix("export AMQP_URL="));
        url.context("no AMQP_URL")?.trim_matches('\'').clone_into(&mut broker.url);
        Ok(broker)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// At a watermark of next to nothing publishers are blocked.
    pub(crate) async fn memory_watermark(&self, share: &str) -> Result<()> {
        self.services(&["ctl", "--", "set_vm_memory_high_watermark", share]).await
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.services(&["destroy"]).await
    }

    async fn services(&self, arguments: &[&str]) -> Result<()> {
        let (command, rest) = arguments.split_first().context("a command")?;
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev"))
            .args(["services", command, "--dir"])
            .arg(self.directory.path())
            .args(rest)
            .stdin(Stdio::null())
            .output()
            .await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "services {command}: {complaint}");
        Ok(())
    }
}
