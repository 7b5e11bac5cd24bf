//! A server whose parent was killed runs on. It is stopped before the next one starts: two on one
//! data directory must never be.

use super::{EmbeddedError, cluster::Cluster, io};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{fs, path::Path, process::Command, time::Duration};
use tokio::time::{Instant, sleep};

/// A checkpoint may take its time.
const FAST: Duration = Duration::from_secs(20);
/// Without a checkpoint.
const IMMEDIATE: Duration = Duration::from_secs(5);
/// Between two looks at a process that is not our child.
const LOOK: Duration = Duration::from_millis(20);

/// Stops the server that runs on this data, if one does.
pub(super) async fn stop(cluster: &Cluster) -> Result<(), EmbeddedError> {
    let pid_file = cluster.data.join("postmaster.pid");
    let Some(pid) = read_pid(&pid_file) else { return Ok(()) };
    if test_kill_process(pid).is_err() {
        return Ok(());
    }
    if !serves(pid, &cluster.data) {
        // The number went to another process meanwhile; PostgreSQL would take that one for itself.
        return fs::remove_file(&pid_file).map_err(io("cannot remove a stale postmaster.pid"));
    }
    tracing::info!(pid = pid.as_raw_nonzero().get(), "stopping a PostgreSQL that was left running");
    for (signal, patience) in [(Signal::INT, FAST), (Signal::QUIT, IMMEDIATE)] {
        let _ = kill_process(pid, signal);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if test_kill_process(pid).is_err() || read_pid(&pid_file) != Some(pid) {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }
    Err(EmbeddedError::Orphan { data: cluster.data.clone(), pid: pid.as_raw_nonzero().get() })
}

fn read_pid(pid_file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(pid_file).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// Whether that process is a server on this data: its command line names the directory.
fn serves(pid: Pid, data: &Path) -> bool {
    let number = pid.as_raw_nonzero().get().to_string();
    let command_line = fs::read(format!("/proc/{number}/cmdline"))
        .or_else(|_| Command::new("ps").args(["-o", "args=", "-p", &number]).output().map(|ps| ps.stdout))
        .unwrap_or_default();
    let command_line = String::from_utf8_lossy(&command_line);
    command_line.contains("postgres") && command_line.contains(&*data.to_string_lossy())
}
