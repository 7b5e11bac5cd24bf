//! One server, one data directory, one process in charge.

use super::{EmbeddedError, io, layout::Layout};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
};

/// Held while this process is in charge; the system lets go of it however the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes charge of the data directory.
    pub(super) fn acquire(layout: &Layout) -> Result<Self, EmbeddedError> {
        let path = layout.lock_file();
        let what = || format!("cannot lock {}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(io(what()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
                let by = if known { format!(" (process {})", pid.trim()) } else { String::new() };
                return Err(EmbeddedError::Locked { data_dir: layout.shown.clone(), by });
            }
            Err(TryLockError::Error(error)) => return Err(io(what())(error)),
        }
        let note = || {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        let mut note = note;
        note().map_err(io(what()))?;
        Ok(Self { _file: file })
    }
}
