//! The servers that a deployment stands on: those of the whole run, or private ones that may be
//! stopped.

use anyhow::{Context, Result, bail, ensure};
use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tokio::process::Command;

/// Where new messages go while everything is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The database's queue.
    Postgres,
    /// A broker.
    RabbitMq,
}

/// The addresses of a database server and perhaps a broker.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The server's own database, beside which others are made.
    pub database_url: String,
    /// The broker.
    pub amqp_url: Option<String>,
}

impl Stores {
    /// Those of the run, which every test shares.
    ///
    /// # Errors
    /// When the environment does not name them.
    pub fn shared(backend: Backend) -> Result<Self> {
        let setting = |name: &str| {
            env::var(name).with_context(|| format!("{name} is not set: run ./dev test, which starts servers"))
        };
        let amqp_url = match backend {
            Backend::Postgres => None,
            Backend::RabbitMq => Some(setting("AMQP_URL")?),
        };
        Ok(Self { database_url: setting("DATABASE_URL")?, amqp_url })
    }
}

/// A PostgreSQL and a RabbitMQ that only one test uses, and so may stop.
pub struct Private {
    /// Their addresses, also while they are stopped.
    pub stores: Stores,
    directory: TempDir,
}

impl Private {
    /// Starts both.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn start() -> Result<Self> {
        Self::start_in(Self::place()?).await
    }

    /// An empty directory for both.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn place() -> Result<TempDir> {
        // What an interrupted test leaves running there, `./dev test` ends.
        Ok(match env::var_os("TEST_SERVICES_DIR") {
            Some(parent) => tempfile::Builder::new().prefix("stores-").tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        })
    }

    /// Starts both in a directory.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn start_in(directory: TempDir) -> Result<Self> {
        services(directory.path(), &["up"]).await?;
        let settings = tokio::fs::read_to_string(directory.path().join("env")).await?;
        let setting = |name: &str| {
            let line = settings.lines().find_map(|line| line.strip_prefix(&format!("export {name}='")));
            line.and_then(|value| value.strip_suffix('\'')).map(str::to_owned).context(name.to_owned())
        };
        let stores = Stores { database_url: setting("DATABASE_URL")?, amqp_url: Some(setting("AMQP_URL")?) };
        Ok(Self { stores, directory })
    }

    /// `./dev services` with these words, e.g. `stop-broker`.
    ///
    /// # Errors
    /// When it fails.
    pub async fn tell(&self, words: &[&str]) -> Result<()> {
        services(self.directory.path(), words).await
    }

    /// Where both keep everything.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops both and removes what they kept.
    ///
    /// # Errors
    /// When one of them does not stop.
    pub async fn destroy(self) -> Result<()> {
        self.tell(&["destroy"]).await
    }
}

async fn services(directory: &Path, words: &[&str]) -> Result<()> {
    let (command, arguments) = words.split_first().context("what to do is missing")?;
    let dev = repository().join("dev");
    let mut call = Command::new(&dev);
    call.args(["services", command, "--dir"]).arg(directory).args(arguments);
    // Its servers would keep a pipe open for as long as they run.
    let log = directory.join(format!("{command}.log"));
    let output = std::fs::File::create(&log)?;
    call.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output);
    let status = call.status().await.with_context(|| format!("cannot run {}", dev.display()))?;
    if !status.success() {
        bail!("./dev services {}: {status}\n{}", words.join(" "), std::fs::read_to_string(log)?);
    }
    Ok(())
}

/// The project's root.
fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Runs a test on private stores, and removes them however it ends.
///
/// # Errors
/// The test's, else what went wrong with the stores.
pub async fn on_private_stores(test: impl AsyncFnOnce(&Private) -> Result<()>) -> Result<()> {
    let private = Private::start().await?;
    ensure!(private.stores.amqp_url.is_some(), "there is no broker");
    let outcome = test(&private).await;
    private.destroy().await.and(outcome)
}
