//! Starting a program with settings, streams and limits of its own, and looking at it from outside.

use crate::{deployment::Deployment, processes::binary, wait::until};
use anyhow::{Context, Result, ensure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    time::timeout,
};

/// A program before it starts.
pub struct Launch {
    command: Command,
}

impl Launch {
    /// A program of ours on a deployment's stores, without limits, in an environment that says nothing else.
    ///
    /// # Errors
    /// When it was not built.
    pub fn of(program: &str, deployment: &Deployment) -> Result<Self> {
        Ok(Self::on(Command::new(binary(program)?), deployment))
    }

    /// A program of ours with a soft limit of open files.
    ///
    /// # Errors
    /// When it was not built.
    pub fn with_open_files(limit: u32, program: &str, deployment: &Deployment) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -Sn {limit}; exec \"$0\" \"$@\"")]).arg(binary(program)?);
        Ok(Self::on(command, deployment))
    }

    fn on(mut command: Command, deployment: &Deployment) -> Self {
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"))
            .env("DATABASE_URL", &deployment.database_url)
            .env("AMQP_URL", deployment.amqp_url.as_deref().unwrap_or_default())
            .env("QUEUE_PREFIX", &deployment.prefix)
            .env("RATE_LIMIT_PER_IP_PER_MINUTE", "0")
            .env("RATE_LIMIT_PER_KEY_PER_HOUR", "0")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Self { command }
    }

    /// A setting.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// An argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Where its log goes.
    #[must_use]
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// Where its answers go.
    #[must_use]
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn start(mut self) -> Result<Running> {
        Ok(Running { child: self.command.spawn().context("a program cannot be run")? })
    }

    /// Starts it on a free port, and waits until somebody listens there.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve(self) -> Result<(SocketAddr, Running)> {
        // Free a moment ago, and nobody else asks for it by number.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let mut running = self.env("LISTEN_ADDR", &address.to_string()).start()?;
        until("it listens", async || {
            ensure!(running.child.try_wait()?.is_none(), "it ended");
            tokio::net::TcpStream::connect(address).await?;
            Ok(())
        })
        .await?;
        Ok((address, running))
    }

    /// Runs it to its end; what it said on standard error.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn said(mut self) -> Result<(ExitStatus, String)> {
        let output = self.command.output().await?;
        Ok((output.status, String::from_utf8(output.stderr)?))
    }
}

/// A program that runs. It is killed when the test ends.
pub struct Running {
    child: Child,
}

impl Running {
    /// Its own end of a pipe.
    pub fn take_stderr(&mut self) -> Option<tokio::process::ChildStderr> {
        self.child.stderr.take()
    }

    /// SIGTERM.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn terminate(&self) -> Result<()> {
        let id = self.child.id().context("it ended before it was stopped")?;
        let told = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        ensure!(told.success(), "kill: {told}");
        Ok(())
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

    /// The most memory that it ever had, in bytes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn peak_memory(&self) -> Result<u64> {
        let id = self.child.id().context("it has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }
}
