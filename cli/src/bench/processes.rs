//! The programs under test, each a process of its own, as in production.

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    env,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// Far more than a start takes.
const START: Duration = Duration::from_secs(30);
/// Longer than a role's own bound.
const STOP: Duration = Duration::from_secs(15);
/// Between two looks at a process that starts.
const LOOK: Duration = Duration::from_millis(20);

/// Names the logs.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// Where the stores are.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    /// The database.
    pub(crate) database_url: String,
    /// RabbitMQ, when it is measured.
    pub(crate) amqp_url: Option<String>,
    /// Keeps this measurement's queues apart.
    pub(crate) queue_prefix: String,
}

/// A role that runs.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts an API and waits until it accepts requests.
    pub(crate) async fn api(stores: &Stores, logs: &Path) -> anyhow::Result<(Self, SocketAddr)> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let arguments = [
            "api".to_owned(),
            "--listen-addr".to_owned(),
            address.to_string(),
            "--rate-limit-per-ip-per-minute".to_owned(),
            "0".to_owned(),
            "--rate-limit-per-key-per-hour".to_owned(),
            "0".to_owned(),
        ];
        let mut process = Self::start(&arguments, stores, logs)?;
        let ready = format!("http://{address}/readyz");
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        let deadline = Instant::now() + START;
        loop {
            if client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok((process, address));
            }
            process.must_run()?;
            if Instant::now() > deadline {
                bail!("the API is not ready; see {}", process.log.display());
            }
            sleep(LOOK).await;
        }
    }

    /// Starts a worker. It connects by itself.
    pub(crate) fn worker(stores: &Stores, logs: &Path) -> anyhow::Result<Self> {
        Self::start(&["worker".to_owned()], stores, logs)
    }

    fn start(arguments: &[String], stores: &Stores, logs: &Path) -> anyhow::Result<Self> {
        let role = arguments.first().map_or("", String::as_str);
        let log = logs.join(format!("{role}-{}.log", STARTED.fetch_add(1, Ordering::Relaxed)));
        let output = File::create(&log).context("cannot write the log of a process")?;
        let mut command = Command::new(env::current_exe()?);
        command
            .args(arguments)
            .env("DATABASE_URL", &stores.database_url)
            .env("AMQP_URL", stores.amqp_url.as_deref().unwrap_or_default())
            .env("QUEUE_PREFIX", &stores.queue_prefix)
            // Whoever is notified is on this machine.
            .env("NOTIFY_ALLOW_NETWORKS", "127.0.0.0/8")
            .env("CONSOLE", "on")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {role}"))?;
        Ok(Self { child, log })
    }

    /// An error when it has ended by itself.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                bail!(
                    "a process ended by itself ({status}): {}",
                    log.lines().last().unwrap_or("it said nothing")
                )
            }
        }
    }

    /// Its resident memory in bytes, where the system tells it.
    pub(crate) async fn resident(&self) -> Option<u64> {
        let pid = self.child.id()?.to_string();
        let told = Command::new("ps").args(["-o", "rss=", "-p", &pid]).output().await.ok()?;
        Some(String::from_utf8(told.stdout).ok()?.trim().parse::<u64>().ok()? * 1_024)
    }

    /// Stops it as an operator would, and insists.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // One that has ended meanwhile is as it should be.
            let _ = kill_process(pid, Signal::TERM);
        }
        if timeout(STOP, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(())
    }
}
