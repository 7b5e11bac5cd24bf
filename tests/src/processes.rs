//! The services as programs of their own.

use crate::{deployment::Deployment, wait::until};
use anyhow::{Context, Result, ensure};
use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{ExitStatus, Stdio},
};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

/// A running program. It is killed when the test ends.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `tributary-api` and waits until it accepts webhooks.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn api(deployment: &Deployment) -> Result<(SocketAddr, Self)> {
        // Free a moment ago, and nobody else asks for it by number.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let mut process = Self::start("tributary-api", deployment, &[("LISTEN_ADDR", &address.to_string())])?;
        until("tributary-api is ready", async || {
            ensure!(process.child.try_wait()?.is_none(), "it ended");
            let answer = crate::stripe::client()?.get(format!("http://{address}/readyz")).send().await?;
            ensure!(answer.status() == 200, "{}", answer.text().await?);
            Ok(())
        })
        .await?;
        Ok((address, process))
    }

    /// Starts `tributary-worker`.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn worker(deployment: &Deployment) -> Result<Self> {
        Self::start("tributary-worker", deployment, &[])
    }

    /// The same with settings of the test's own.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn worker_with(deployment: &Deployment, settings: &[(&str, &str)]) -> Result<Self> {
        Self::start("tributary-worker", deployment, settings)
    }

    /// The same, with its log in a file.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn worker_logging_to(
        deployment: &Deployment,
        log: &std::path::Path,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(log)?;
        Self::run("tributary-worker", deployment, settings, log.into())
    }

    /// SIGSTOP: it is there, and does nothing more.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn freeze(&self) -> Result<()> {
        self.signal("-STOP").await
    }

    /// SIGCONT: it goes on where it was.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn thaw(&self) -> Result<()> {
        self.signal("-CONT").await
    }

    /// The most memory that it had resident, in bytes.
    ///
    /// # Errors
    /// Where there is no `/proc`, or when it had ended.
    pub async fn peak_memory(&self) -> Result<u64> {
        let id = self.child.id().context("it has ended")?;
        let status = tokio::fs::read_to_string(format!("/proc/{id}/status")).await?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kibibytes: u64 = peak.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes << 10)
    }

    async fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().context("it has ended")?;
        let told = Command::new("kill").args([signal, &id.to_string()]).status().await?;
        ensure!(told.success(), "kill: {told}");
        Ok(())
    }

    fn start(program: &str, deployment: &Deployment, settings: &[(&str, &str)]) -> Result<Self> {
        Self::run(program, deployment, settings, Stdio::inherit())
    }

    fn run(program: &str, deployment: &Deployment, settings: &[(&str, &str)], log: Stdio) -> Result<Self> {
        let path = binary(program)?;
        let child = Command::new(&path)
            .env("DATABASE_URL", &deployment.database_url)
            .env("AMQP_URL", deployment.amqp_url.as_deref().unwrap_or_default())
            .env("QUEUE_PREFIX", &deployment.prefix)
            .env("RATE_LIMIT_PER_IP_PER_MINUTE", "0")
            .env("RATE_LIMIT_PER_KEY_PER_HOUR", "0")
            .env("RUST_LOG", "warn")
            .env_remove("STRIPE_SECRET_KEY")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", path.display()))?;
        Ok(Self { child })
    }

    /// SIGKILL: it has no time to finish or hand back anything.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn kill(mut self) -> Result<()> {
        ensure!(self.child.try_wait()?.is_none(), "it ended before it was killed");
        Ok(self.child.kill().await?)
    }

    /// SIGTERM, and how it ended.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        self.signal("-TERM").await?;
        Ok(self.child.wait().await?)
    }
}

/// Runs the `tributary` command on a deployment's database, and hands back what it printed.
///
/// # Errors
/// When it fails: with what it said.
pub async fn command(deployment: &Deployment, arguments: &[&str]) -> Result<String> {
    let output = Command::new(binary("tributary")?)
        .args(arguments)
        .env("DATABASE_URL", &deployment.database_url)
        .env("QUEUE_PREFIX", &deployment.prefix)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()
        .await?;
    let (out, said) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(output.status.success(), "tributary {}: {said}{out}", arguments.join(" "));
    Ok(out)
}

/// Where cargo puts programs: beside the directory of the test that runs.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    let test = env::current_exe()?;
    let path = test.ancestors().nth(2).context("the test has no place")?.join(name);
    ensure!(path.is_file(), "{} is missing: run ./dev test, or cargo build --workspace", path.display());
    Ok(path)
}
