//! The data directory.
//!
//! | file | holds |
//! |---|---|
//! | `postgres/` | PostgreSQL's own data; a link when its account cannot enter this directory |
//! | `postgres.log` | what the server says |
//! | `password` | the password of its only role |
//! | `database-url` | where it listens, while it runs |
//! | `lock` | the process that runs it |

use super::{Account, EmbeddedError, account::are_we_root, io};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink},
    path::{Path, PathBuf},
};

/// A log larger than this is begun anew at the next start.
const LOG_LIMIT: u64 = 8 << 20;

const PRIVATE: u32 = 0o600;

/// A data directory that exists.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// As the user wrote it, for messages.
    pub(super) shown: PathBuf,
    root: PathBuf,
}

impl Layout {
    /// Makes the directory when it does not exist. Only its owner may look into it; when that is
    /// root, others may pass through, since the server runs as another account.
    pub(super) fn create(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let what = || format!("cannot make the data directory {}", data_dir.display());
        let mode = if are_we_root() { 0o711 } else { 0o700 };
        DirBuilder::new().recursive(true).mode(mode).create(data_dir).map_err(io(what()))?;
        let root = data_dir.canonicalize().map_err(io(what()))?;
        Ok(Self { shown: data_dir.to_owned(), root })
    }

    /// The file that is locked while a server runs.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    /// The server's log.
    pub(super) fn log_file(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// Opens the log for the server to write to.
    pub(super) fn open_log(&self) -> Result<File, EmbeddedError> {
        let path = self.log_file();
        let anew = fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT);
        if anew {
            fs::remove_file(&path).map_err(io("cannot begin a new log"))?;
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(PRIVATE);
        options.open(&path).map_err(io(format!("cannot write {}", path.display())))
    }

    /// The last lines of the log.
    pub(super) fn log_tail(&self, lines: usize) -> String {
        let log = fs::read(self.log_file()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let mut tail: Vec<&str> = log.lines().rev().take(lines).collect();
        tail.reverse();
        tail.join("\n")
    }

    /// The server's data, if it was ever made: the real directory, not the link to it.
    pub(super) fn existing_data(&self) -> Option<PathBuf> {
        let data = self.data().canonicalize().ok()?;
        data.join("PG_VERSION").is_file().then_some(data)
    }

    /// An empty directory in which `account` may make a server's data, probed by running `program`
    /// there. [`keep`](Self::keep) makes it the data.
    pub(super) fn draft(&self, account: &Account, program: &Path) -> Result<PathBuf, EmbeddedError> {
        let place = self.place(account, program)?;
        let draft = place.join("postgres.new");
        remove(&draft)?;
        let what = format!("cannot make {}", draft.display());
        DirBuilder::new().mode(0o700).create(&draft).map_err(io(&*what))?;
        account.give(&draft).map_err(io(&*what))?;
        Ok(draft)
    }

    /// Makes a finished draft the data; what was interrupted before is never mistaken for it.
    pub(super) fn keep(&self, draft: &Path) -> Result<PathBuf, EmbeddedError> {
        let data = draft.with_file_name("postgres");
        let what = || format!("cannot keep the new database in {}", self.shown.display());
        fs::rename(draft, &data).map_err(io(what()))?;
        let link = self.data();
        if link != data {
            // A dangling link is all that can be left here: existing data is never drafted anew.
            let _ = fs::remove_file(&link);
            symlink(&data, &link).map_err(io(what()))?;
        }
        Ok(data)
    }

    /// Our directory if the account can enter it, else one where it can: as root in a home
    /// directory of mode 700 it cannot.
    fn place(&self, account: &Account, program: &Path) -> Result<PathBuf, EmbeddedError> {
        if account.can_run_in(program, &self.root) {
            return Ok(self.root.clone());
        }
        let bases = [PathBuf::from("/var/lib"), std::env::temp_dir()];
        for base in &bases {
            let place = base.join(format!("{AWAY_PREFIX}{:08x}", rand::random::<u32>()));
            // Made by us alone: a directory that somebody else prepared is an error, not a gift.
            if DirBuilder::new().mode(0o711).create(&place).is_err() {
                continue;
            }
            if account.can_run_in(program, &place) {
                return Ok(place);
            }
            let _ = fs::remove_dir(&place);
        }
        let tried: Vec<String> = bases.iter().map(|base| base.display().to_string()).collect();
        Err(EmbeddedError::NoPlace {
            account: account.name().to_owned(),
            data_dir: self.shown.clone(),
            tried: tried.join(", "),
        })
    }

    /// Writes a file that only we may read.
    pub(super) fn write_private(&self, name: &str, content: &str) -> Result<PathBuf, EmbeddedError> {
        let path = self.root.join(name);
        let fresh = self.root.join(format!("{name}.new"));
        let write = || {
            let _ = fs::remove_file(&fresh);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(PRIVATE);
            options.open(&fresh)?.write_all(content.as_bytes())?;
            fs::rename(&fresh, &path)
        };
        write().map_err(io(format!("cannot write {}", path.display())))?;
        Ok(path)
    }

    /// The password of the server's only role, made when the data was.
    pub(super) fn password(&self) -> Result<String, EmbeddedError> {
        let path = self.root.join(PASSWORD);
        fs::read_to_string(&path)
            .map(|text| text.trim().to_owned())
            .map_err(io(format!("cannot read {}", path.display())))
    }

    /// Makes a new password.
    pub(super) fn new_password(&self) -> Result<String, EmbeddedError> {
        let secret: [u8; 32] = rand::random();
        let password = secret.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        self.write_private(PASSWORD, &format!("{password}\n"))?;
        Ok(password)
    }

    /// Tells other processes of the same user where the server listens.
    pub(super) fn publish_url(&self, url: &str) -> Result<(), EmbeddedError> {
        self.write_private(DATABASE_URL, &format!("{url}\n")).map(drop)
    }

    /// The server no longer listens.
    pub(super) fn withdraw_url(&self) {
        let _ = fs::remove_file(self.root.join(DATABASE_URL));
    }

    /// Removes everything of ours, also data that lives elsewhere, and the directory if nothing else
    /// is in it.
    pub(super) fn remove(&self) -> Result<(), EmbeddedError> {
        if let Ok(elsewhere) = fs::read_link(self.data())
            && let Some(place) = elsewhere.parent().filter(|place| is_ours(place))
        {
            remove(place)?;
        }
        for name in ["postgres", "postgres.new", "postgres.log", PASSWORD, DATABASE_URL, LOCK] {
            remove(&self.root.join(name))?;
        }
        // Whatever else is in it belongs to somebody else.
        let _ = fs::remove_dir(&self.root);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.root.join("postgres")
    }
}

/// Whether a directory outside the data directory was made by [`Layout::place`].
fn is_ours(place: &Path) -> bool {
    place.file_name().is_some_and(|name| name.to_string_lossy().starts_with(AWAY_PREFIX))
}

/// Removes a file, a link or a directory, if it is there.
fn remove(path: &Path) -> Result<(), EmbeddedError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.map_err(io(format!("cannot remove {}", path.display())))
}

/// The URL that a running server published in `data_dir`.
pub(super) fn published_url(data_dir: &Path) -> Option<String> {
    let url = fs::read_to_string(data_dir.join(DATABASE_URL)).ok()?;
    Some(url.trim().to_owned())
}

const LOCK: &str = "lock";
const PASSWORD: &str = "password";
const DATABASE_URL: &str = "database-url";
/// Names a directory of ours outside the data directory.
const AWAY_PREFIX: &str = "tributary-";
