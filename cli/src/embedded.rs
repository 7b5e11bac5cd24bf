//! A private PostgreSQL, for a machine where nothing is configured.
//!
//! The binaries are those of the machine ([`binaries`]); the data lives in a directory of ours
//! ([`layout`]); the server listens on a free port of 127.0.0.1 and on a socket inside its data,
//! asks everyone for a random password, and stops with us. A lock keeps a second one away
//! ([`lock`]), and one that outlived a killed parent is stopped before the next starts
//! ([`orphan`]).

mod account;
mod binaries;
mod cluster;
mod layout;
mod lock;
mod orphan;
mod server;
#[cfg(test)]
mod tests;

use account::Account;
use cluster::Cluster;
use layout::Layout;
use lock::Lock;
use server::Server;
use std::path::{Path, PathBuf};

/// Where the private PostgreSQL keeps its data when nothing else is said.
pub(crate) const DEFAULT_DATA_DIR: &str = ".tributary";

/// A private PostgreSQL that runs for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Embedded {
    server: Server,
    layout: Layout,
    url: String,
    _lock: Lock,
}

impl Embedded {
    /// Starts the PostgreSQL of `data_dir`, made there when it does not exist. `binaries` is where
    /// its programs are, when they are not to be searched for.
    pub(crate) async fn start(data_dir: &Path, binaries: Option<&Path>) -> Result<Self, EmbeddedError> {
        let layout = Layout::create(data_dir)?;
        let lock = Lock::acquire(&layout)?;
        let cluster = Cluster::open_or_create(&layout, binaries).await?;
        orphan::stop(&cluster).await?;
        let server = Server::start(&cluster, &layout).await?;
        layout.publish_url(&server.tcp_url)?;
        let url = server.best_url();
        Ok(Self { server, layout, url, _lock: lock })
    }

    /// The URL by which this process reaches it fastest.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns when the server has stopped by itself, with what it said last.
    pub(crate) async fn exited(&mut self) -> EmbeddedError {
        self.server.exited(&self.layout).await
    }

    /// Stops the server and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.layout.withdraw_url();
        self.server.stop().await
    }
}

/// The URL of the PostgreSQL that runs on `data_dir`, if one does.
pub(crate) fn running_url(data_dir: &Path) -> Option<String> {
    layout::published_url(data_dir)
}

/// Removes a data directory and everything in it; nothing may run on it.
pub(crate) async fn remove(data_dir: &Path) -> Result<(), EmbeddedError> {
    if !data_dir.exists() {
        return Ok(());
    }
    let layout = Layout::create(data_dir)?;
    let _lock = Lock::acquire(&layout)?;
    if let Some(cluster) = Cluster::open(&layout)? {
        orphan::stop(&cluster).await?;
    }
    layout.remove()
}

/// Why there is no private PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    /// The machine has none.
    #[error(
        "PostgreSQL {minimum} or newer was not found; install it (Debian, Ubuntu: apt-get install postgresql; Fedora: \
         dnf install postgresql-server; Arch: pacman -S postgresql; macOS: brew install postgresql@17) or set \
         DATABASE_URL to one that runs",
        minimum = binaries::MINIMUM
    )]
    NotInstalled,
    /// `--postgres-bin` names a directory without it.
    #[error("{0} holds no initdb and postgres that can be run")]
    NoBinaries(PathBuf),
    /// The machine has another version than the one that made the data.
    #[error(
        "the data in {data} was made by PostgreSQL {made_by}, but this machine has {found}: install PostgreSQL \
         {made_by}, or move that directory away to begin empty"
    )]
    Version {
        /// The data.
        data: PathBuf,
        /// Its major version.
        made_by: u32,
        /// The versions found.
        found: String,
    },
    /// Another `up` holds the data directory.
    #[error(
        "another tributary{by} is running on {data_dir}: stop it first, or choose another directory with --data-dir"
    )]
    Locked {
        /// The directory.
        data_dir: PathBuf,
        /// ` (process 123)`, when known.
        by: String,
    },
    /// Root, and nobody to run a database as.
    #[error(
        "PostgreSQL does not run as root, and there is no account \"postgres\" or \"nobody\" to run it as: start \
         tributary as an ordinary user"
    )]
    NoAccount,
    /// Root, and no directory that the account may enter.
    #[error(
        "the account {account} cannot enter {data_dir} or any other place tried ({tried}): give a directory that it \
         can enter with --data-dir"
    )]
    NoPlace {
        /// Who would run the server.
        account: String,
        /// What was asked for.
        data_dir: PathBuf,
        /// What was tried beside it.
        tried: String,
    },
    /// A program of PostgreSQL did not do its work.
    #[error("{program} failed: {}", last_line(.output))]
    Program {
        /// `initdb`, …
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// The server ended before it was ready, or later by itself.
    #[error("PostgreSQL {what}: {} (see {log})", last_line(.tail))]
    Server {
        /// `did not start` or `stopped`.
        what: &'static str,
        /// The last lines of its log.
        tail: String,
        /// The log.
        log: PathBuf,
    },
    /// One that was left running does not stop.
    #[error("a PostgreSQL left running on {data} (process {pid}) does not stop")]
    Orphan {
        /// Its data.
        data: PathBuf,
        /// Its process.
        pid: i32,
    },
    /// A file or process of ours.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
}

impl EmbeddedError {
    /// The last lines of the server's log, when they tell more than the error's one line.
    pub(crate) fn log_tail(&self) -> Option<&str> {
        match self {
            Self::Server { tail, .. } => Some(tail),
            _ => None,
        }
    }
}

/// Adds what was tried to an I/O error.
fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> EmbeddedError {
    let what = what.into();
    move |source| EmbeddedError::Io { what, source }
}

/// The line that says most: the last that complains, else the last.
fn last_line(output: &str) -> &str {
    let lines = || output.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .find(|line| line.contains("FATAL") || line.contains("error:"))
        .or_else(|| lines().next())
        .unwrap_or("it said nothing")
}
