//! The services as programs of their own.

use crate::{deployment::Deployment, figures::show, launch::Launch, wait::until};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    env,
    net::SocketAddr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    process::{Child, ChildStderr, Command},
    time::timeout,
};

/// A program that runs. It is killed when the test ends.
pub struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn of(child: Child) -> Self {
        Self { child }
    }

    /// Starts `tributary-api` and waits until it accepts webhooks.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn api(deployment: &Deployment) -> Result<(SocketAddr, Self)> {
        let (address, mut process) = Launch::of("tributary-api", deployment)?.serve().await?;
        until("tributary-api is ready", async || {
            process.runs()?;
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
        Launch::of("tributary-worker", deployment)?.start()
    }

    /// Starts `tributary-worker` with settings of its own.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn worker_with(deployment: &Deployment, settings: &[(&str, &str)]) -> Result<Self> {
        let launch = Launch::of("tributary-worker", deployment)?;
        settings.iter().fold(launch, |launch, (name, value)| launch.env(name, value)).start()
    }

    /// Its own end of a pipe.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Sees that it has not ended.
    ///
    /// # Errors
    /// When it has.
    pub fn runs(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "it ended: {ended:?}");
        Ok(())
    }

    /// The most memory that it ever had resident, in bytes.
    ///
    /// # Errors
    /// Where there is no `/proc`, or when it had ended.
    pub fn peak_memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes << 10)
    }

    /// Sees that it never had more resident than `most` bytes, and prints what it had, as that of `what`.
    ///
    /// # Errors
    /// When it had, or where [`Process::peak_memory`] cannot tell.
    pub fn within_memory(&self, what: &str, most: u64) -> Result<()> {
        let peak = self.peak_memory()?;
        show(format!("{what}: at most {} MiB resident", peak >> 20));
        ensure!(peak <= most, "{what}: {peak} bytes resident, and may have {most}");
        Ok(())
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

    /// SIGKILL: it has no time to finish or hand back anything.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn kill(mut self) -> Result<()> {
        self.runs()?;
        Ok(self.child.kill().await?)
    }

    /// SIGTERM.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn terminate(&self) -> Result<()> {
        self.signal("-TERM").await
    }

    /// How it ends.
    ///
    /// # Errors
    /// When it does not within that time.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        timeout(within, self.child.wait())
            .await
            .with_context(|| format!("it did not end in {within:?}"))?
            .map_err(Into::into)
    }

    /// SIGTERM, and how it ended.
    ///
    /// # Errors
    /// When it had ended before.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        self.terminate().await?;
        Ok(self.child.wait().await?)
    }

    async fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args([signal, &self.id()?.to_string()]).status().await?;
        ensure!(sent.success(), "kill: {sent}");
        Ok(())
    }

    fn id(&self) -> Result<u32> {
        self.child.id().context("it has ended")
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

/// Sees that a database of a deployment's is whole: no rule is broken, and a replay would add nothing.
///
/// # Errors
/// When it is not: with what was found.
pub async fn is_whole(deployment: &Deployment, database_url: &str) -> Result<()> {
    command(deployment, &["--database-url", database_url, "verify"]).await?;
    let replay = ["--database-url", database_url, "replay", "--dry-run", "--json"];
    let replayed: Value = serde_json::from_str(&command(deployment, &replay).await?)?;
    ensure!(replayed["ledger_entries"] == 0, "a replay would post: {replayed}");
    Ok(())
}

/// Where cargo puts programs: beside the directory of the test that runs, unless `PROGRAMS_DIR` says where those are that
/// are to be tried, such as ones that were built for release.
///
/// # Errors
/// When it is not built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let test = env::current_exe()?;
    let place = match env::var_os("PROGRAMS_DIR") {
        Some(place) => PathBuf::from(place),
        None => test.ancestors().nth(2).context("the test has no place")?.to_owned(),
    };
    let path = place.join(name);
    ensure!(path.is_file(), "{} is missing: run ./dev test, or cargo build --workspace", path.display());
    Ok(path)
}
