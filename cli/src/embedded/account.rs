//! The account that the server runs as: PostgreSQL refuses to run as root.

use super::EmbeddedError;
use std::{
    ffi::OsStr,
    fs::Metadata,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

/// Accounts that may run the server when we are root, the first that exists.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// Who runs PostgreSQL's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// Whoever runs us.
    Ourselves,
    /// Another one, since we are root.
    Other {
        /// For messages.
        name: String,
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

impl Account {
    /// The account for new data.
    pub(super) fn for_new_data() -> Result<Self, EmbeddedError> {
        if !are_we_root() {
            return Ok(Self::Ourselves);
        }
        CANDIDATES.into_iter().find_map(Self::named).ok_or(EmbeddedError::NoAccount)
    }

    /// The account for data that exists: whoever owns it, when we may be anyone.
    pub(super) fn of_owner(data: &Metadata) -> Result<Self, EmbeddedError> {
        match (are_we_root(), data.uid()) {
            (false, _) => Ok(Self::Ourselves),
            (true, 0) => Self::for_new_data(),
            (true, uid) => Ok(Self::Other { name: format!("with uid {uid}"), uid, gid: data.gid() }),
        }
    }

    /// A command that runs as this account, in `dir`, away from our terminal's signals and from
    /// settings meant for other databases.
    pub(super) fn command(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("PG") || name_text.starts_with("LC_") || name_text == "LANG" {
                command.env_remove(&name);
            }
        }
        command.env("LC_ALL", "C").env("TZ", "UTC").current_dir(dir).stdin(Stdio::null()).process_group(0);
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid).env("HOME", "/");
        }
        command
    }

    /// Whether the account may run `program` with `dir` as its working directory.
    pub(super) fn can_run_in(&self, program: &Path, dir: &Path) -> bool {
        let run = self.command(program, dir).arg("--version").output();
        run.is_ok_and(|output| output.status.success())
    }

    /// Gives a file or directory to the account.
    pub(super) fn give(&self, path: &Path) -> std::io::Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid)),
        }
    }

    /// For messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Ourselves => "that runs tributary",
            Self::Other { name, .. } => name,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(Self::Other { name: name.to_owned(), uid: id("-u", name)?, gid: id("-g", name)? })
    }
}

/// Whether we are root.
pub(super) fn are_we_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Asks `id`, which knows every source of accounts that the machine has.
fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
