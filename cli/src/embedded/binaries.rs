//! Finding PostgreSQL's programs on this machine.

use super::{EmbeddedError, account::Account};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest major version that the migrations run on.
pub(super) const MINIMUM: u32 = 14;

/// Where packages put the programs; `*` stands for one component, or a part of one.
const PLACES: [&str; 10] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/lib/postgresql*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/usr/local/pgsql/bin",
];

/// A directory with PostgreSQL's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    /// Major version.
    pub(super) major: u32,
}

impl Binaries {
    /// The path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The programs in `dir`, when `account` can run them.
    fn in_dir(dir: &Path, account: &Account) -> Option<Self> {
        let postgres = dir.join("postgres");
        if !(postgres.is_file() && dir.join("initdb").is_file()) {
            return None;
        }
        let output = account.command(&postgres, Path::new("/")).arg("--version").output().ok()?;
        let major = major_version(&String::from_utf8(output.stdout).ok()?)?;
        Some(Self { dir: dir.to_owned(), major })
    }
}

/// What new data, or data of one major version, is served with. A directory that the user named is
/// the only one looked at; otherwise PATH goes before `pg_config`, and that before the newest of
/// the usual places.
pub(super) fn find(
    named: Option<&Path>,
    account: &Account,
    made_by: Option<(&Path, u32)>,
) -> Result<Binaries, EmbeddedError> {
    let candidates = match named {
        Some(dir) => {
            vec![Binaries::in_dir(dir, account).ok_or_else(|| EmbeddedError::NoBinaries(dir.to_owned()))?]
        }
        None => search(account),
    };
    choose(candidates, made_by)
}

fn choose(candidates: Vec<Binaries>, made_by: Option<(&Path, u32)>) -> Result<Binaries, EmbeddedError> {
    let wanted = |found: &Binaries| match made_by {
        Some((_, major)) => found.major == major,
        None => found.major >= MINIMUM,
    };
    let mut versions: Vec<String> = candidates.iter().map(|found| found.major.to_string()).collect();
    let fitting = candidates.into_iter().find(wanted);
    match (fitting, made_by) {
        (Some(found), _) => Ok(found),
        (None, Some((data, major))) if !versions.is_empty() => {
            versions.dedup();
            Err(EmbeddedError::Version { data: data.to_owned(), made_by: major, found: versions.join(", ") })
        }
        (None, _) => Err(EmbeddedError::NotInstalled),
    }
}

fn search(account: &Account) -> Vec<Binaries> {
    let path = env::var_os("PATH").unwrap_or_default();
    let preferred = env::split_paths(&path).chain(pg_config());
    let mut found = runnable(preferred, account);
    let mut usual = runnable(PLACES.iter().flat_map(|place| expand(place)), account);
    usual.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    found.extend(usual);
    found
}

fn runnable(dirs: impl Iterator<Item = PathBuf>, account: &Account) -> Vec<Binaries> {
    dirs.filter_map(|dir| Binaries::in_dir(&dir, account)).collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let dir = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(dir.trim()))
}

/// The directories that match a pattern with at most one `*`.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let rest = after.trim_start_matches('/');
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(rest))
        .collect()
}

/// The major version in `postgres (PostgreSQL) 15.4 (Debian …)` or `… 19devel`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32) -> Binaries {
        Binaries { dir: PathBuf::from(format!("/opt/pg{major}")), major }
    }

    #[test]
    fn versions_are_read_however_they_are_packaged() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 17.2", Some(17)),
            ("postgres (PostgreSQL) 19devel", Some(19)),
            ("mysqld 8", None),
        ] {
            assert_eq!(major_version(text), major, "{text}");
        }
    }

    #[test]
    fn the_first_that_is_new_enough_serves_new_data() {
        let found = choose(vec![version(12), version(15), version(17)], None).unwrap();
        assert_eq!(found.major, 15);
    }

    #[test]
    fn existing_data_is_served_by_the_version_that_made_it() {
        let data = Path::new("/data");
        let found = choose(vec![version(17), version(15)], Some((data, 15))).unwrap();
        assert_eq!(found.major, 15);
    }

    #[test]
    fn data_of_another_version_is_refused_with_both_versions() {
        let error = choose(vec![version(17), version(16)], Some((Path::new("/data"), 13))).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("made by PostgreSQL 13") && message.contains("has 17, 16"), "{message}");
    }

    #[test]
    fn nothing_installed_says_what_to_install() {
        let message = choose(Vec::new(), None).unwrap_err().to_string();
        for system in ["apt-get install postgresql", "dnf", "pacman", "brew", "DATABASE_URL"] {
            assert!(message.contains(system), "{message}");
        }
        assert!(!message.contains('\n'), "{message}");
    }

    #[test]
    fn a_directory_without_the_programs_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = find(Some(dir.path()), &Account::Ourselves, None).unwrap_err();
        assert!(error.to_string().starts_with(&dir.path().display().to_string()));
    }
}
