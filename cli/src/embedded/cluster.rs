//! A server's data, and the programs that fit it.

use super::{
    EmbeddedError,
    account::Account,
    binaries::{self, Binaries},
    io,
    layout::Layout,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// The only role, a superuser of its private server.
pub(super) const ROLE: &str = "tributary";

/// Data that a server can be started on.
#[derive(Debug)]
pub(super) struct Cluster {
    /// The data.
    pub(super) data: PathBuf,
    /// Who runs the server.
    pub(super) account: Account,
    /// What runs it; not looked for when nothing is to be started.
    binaries: Option<Binaries>,
    /// The role's password.
    pub(super) password: String,
}

impl Cluster {
    /// The data of this layout, made now when there is none.
    pub(super) async fn open_or_create(layout: &Layout, named: Option<&Path>) -> Result<Self, EmbeddedError> {
        match Self::open(layout)? {
            Some(mut cluster) => {
                let made_by = cluster.version()?;
                let found = binaries::find(named, &cluster.account, Some((&cluster.data, made_by)))?;
                cluster.binaries = Some(found);
                Ok(cluster)
            }
            None => Self::create(layout, named).await,
        }
    }

    /// The data of this layout, if it was ever made.
    pub(super) fn open(layout: &Layout) -> Result<Option<Self>, EmbeddedError> {
        let Some(data) = layout.existing_data() else { return Ok(None) };
        let metadata = fs::metadata(&data).map_err(io(format!("cannot read {}", data.display())))?;
        let account = Account::of_owner(&metadata)?;
        Ok(Some(Self { data, account, binaries: None, password: layout.password()? }))
    }

    /// One of PostgreSQL's programs, as the server's account, in the data directory.
    pub(super) fn command(&self, program: &str) -> Result<std::process::Command, EmbeddedError> {
        let binaries = self.binaries.as_ref().ok_or(EmbeddedError::NotInstalled)?;
        Ok(self.account.command(binaries.program(program), &self.data))
    }

    async fn create(layout: &Layout, named: Option<&Path>) -> Result<Self, EmbeddedError> {
        let account = Account::for_new_data()?;
        let binaries = binaries::find(named, &account, None)?;
        let initdb = binaries.program("initdb");
        let password = layout.new_password()?;
        // The first locale that the system has: upper and lower case beyond ASCII, but the order
        // of bytes, so that no update of the system's collations ever damages an index.
        let mut failure = None;
        for locale in locales(binaries.major) {
            let draft = layout.draft(&account, &initdb)?;
            match run_initdb(&account, &initdb, &draft, &password, locale).await {
                Ok(()) => {
                    let data = layout.keep(&draft)?;
                    return Ok(Self { data, account, binaries: Some(binaries), password });
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or(EmbeddedError::NotInstalled))
    }

    fn version(&self) -> Result<u32, EmbeddedError> {
        let path = self.data.join("PG_VERSION");
        let text = fs::read_to_string(&path).map_err(io(format!("cannot read {}", path.display())))?;
        let major = text.trim().split('.').next().and_then(|major| major.parse().ok());
        major.ok_or_else(|| EmbeddedError::Program { program: "PG_VERSION", output: text.clone() })
    }
}

fn locales(major: u32) -> Vec<&'static [&'static str]> {
    let builtin: &[&str] = &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
    let system: &[&str] = &["--locale=C.UTF-8"];
    let plain: &[&str] = &["--locale=C"];
    if major >= 17 { vec![builtin] } else { vec![system, plain] }
}

async fn run_initdb(
    account: &Account,
    initdb: &Path,
    draft: &Path,
    password: &str,
    locale: &[&str],
) -> Result<(), EmbeddedError> {
    let password_file = draft.with_extension("password");
    let written = write_for(account, &password_file, password);
    written.map_err(io(format!("cannot write {}", password_file.display())))?;

    let mut command = account.command(initdb, draft);
    command
        .arg("--pgdata")
        .arg(draft)
        .args(["--username", ROLE, "--encoding=UTF8", "--auth=scram-sha-256", "--no-instructions"])
        .arg(format!("--pwfile={}", password_file.display()))
        .args(locale);
    let output = Command::from(command).kill_on_drop(true).output().await;
    let _ = fs::remove_file(&password_file);
    let output = output.map_err(io(format!("cannot run {}", initdb.display())))?;
    if output.status.success() {
        return Ok(());
    }
    Err(EmbeddedError::Program {
        program: "initdb",
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// A file with a secret that only `account` may read.
fn write_for(account: &Account, path: &Path, secret: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}")?;
    account.give(path)
}
