//! Starting a program with settings, streams and limits of its own.

use crate::{
    deployment::Deployment,
    processes::{Process, binary},
    wait::until,
};
use anyhow::{Context, Result, ensure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{ExitStatus, Stdio},
};
use tokio::{net::TcpListener, process::Command};

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

    /// A program that was built elsewhere.
    ///
    /// # Errors
    /// When it is not there.
    pub fn at(program: &Path, deployment: &Deployment) -> Result<Self> {
        ensure!(program.is_file(), "{} is missing", program.display());
        Ok(Self::on(Command::new(program), deployment))
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
    pub fn start(mut self) -> Result<Process> {
        Ok(Process::of(self.command.spawn().context("a program cannot be run")?))
    }

    /// Starts it on a free port, and waits until somebody listens there.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve(self) -> Result<(SocketAddr, Process)> {
        // Free a moment ago, and nobody else asks for it by number.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let mut process = self.env("LISTEN_ADDR", &address.to_string()).start()?;
        until("it listens", async || {
            process.runs()?;
            tokio::net::TcpStream::connect(address).await?;
            Ok(())
        })
        .await?;
        Ok((address, process))
    }

    /// Runs it to its end; what it answered on standard output, and what it said on standard error.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn answered(mut self) -> Result<(ExitStatus, String, String)> {
        let output = self.command.output().await?;
        Ok((output.status, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
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
