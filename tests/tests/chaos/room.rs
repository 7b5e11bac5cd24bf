//! Where the servers keep everything: a small file system of its own, which can be full, where one may be mounted.

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tests::{figures::show, stores::Private};
use tokio::process::Command;

/// Enough for an hour of it.
const SIZE: &str = "size=6g";
const CHUNK: usize = 8 << 20;

/// A directory, and whether it is a file system of its own.
pub(crate) struct Room {
    mounted: Option<PathBuf>,
}

impl Room {
    /// Mounts one, where this user may.
    pub(crate) async fn take() -> Result<Self> {
        let place = Private::place()?.keep();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&place).output().await;
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Ok(Self { mounted: Some(place) });
        }
        fs::remove_dir(&place)?;
        show("no file system may be mounted here: the disk is never full");
        Ok(Self { mounted: None })
    }

    /// Whether it can be full without harm to anything else.
    pub(crate) fn is_its_own(&self) -> bool {
        self.mounted.is_some()
    }

    /// A new directory in it.
    pub(crate) fn directory(&self) -> Result<TempDir> {
        match &self.mounted {
            Some(place) => Ok(tempfile::tempdir_in(place)?),
            None => Private::place(),
        }
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut file = fs::File::create(self.filler()?)?;
        let chunk = vec![1; CHUNK];
        let mut size = CHUNK;
        while size > 0 {
            if file.write_all(chunk.get(..size).unwrap_or_default()).is_err() {
                size /= 2;
            }
        }
        Ok(())
    }

    /// Makes room again.
    pub(crate) fn clear(&self) -> Result<()> {
        Ok(fs::remove_file(self.filler()?)?)
    }

    fn filler(&self) -> Result<PathBuf> {
        Ok(self.mounted.as_deref().map(Path::new).context("it is not its own")?.join("filler"))
    }

    /// Unmounts it.
    pub(crate) async fn give_back(self) -> Result<()> {
        let Some(place) = self.mounted else { return Ok(()) };
        let unmounted = Command::new("umount").arg(&place).status().await?;
        ensure!(unmounted.success(), "umount: {unmounted}");
        Ok(fs::remove_dir(place)?)
    }
}
