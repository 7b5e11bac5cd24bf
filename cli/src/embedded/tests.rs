//! With a real PostgreSQL, as whoever runs the tests.

use super::*;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{fs, os::unix::fs::PermissionsExt};
use tempfile::TempDir;

/// A directory in which the server's account may work.
fn data_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
    dir
}

async fn answers(url: &str) -> bool {
    store::pool(url, "test", 1).unwrap().acquire().await.is_ok()
}

fn server_pid(data_dir: &Path) -> Pid {
    let file = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_server_starts_is_found_and_leaves_nothing_running() {
    let dir = data_dir();
    let data = dir.path().join("deep/er");
    let embedded = Embedded::start(&data, None).await.unwrap();
    assert!(answers(embedded.url()).await);
    assert!(answers(&embedded.server.tcp_url).await);
    assert_eq!(running_url(&data).as_deref(), Some(embedded.server.tcp_url.as_str()));
    for private in ["password", "database-url", "postgres.log"] {
        let mode = fs::metadata(data.join(private)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{private}");
    }

    let pid = server_pid(&data);
    embedded.stop().await.unwrap();
    assert!(test_kill_process(pid).is_err());
    assert_eq!(running_url(&data), None);

    let again = Embedded::start(&data, None).await.unwrap();
    assert!(answers(again.url()).await);
    again.stop().await.unwrap();
    remove(&data).await.unwrap();
    assert!(!data.exists());
}

#[tokio::test]
async fn a_second_one_on_the_same_data_is_refused() {
    let dir = data_dir();
    let first = Embedded::start(dir.path(), None).await.unwrap();
    let error = Embedded::start(dir.path(), None).await.unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    assert!(error.contains("--data-dir"), "{error}");
    assert!(answers(first.url()).await);
    first.stop().await.unwrap();
}

#[tokio::test]
async fn one_that_outlived_its_parent_is_replaced() {
    let dir = data_dir();
    let killed = Embedded::start(dir.path(), None).await.unwrap();
    let orphan = server_pid(dir.path());
    // As after SIGKILL: the lock is gone, the server is not.
    let Embedded { server, _lock: lock, .. } = killed;
    drop(lock);
    let server = std::mem::ManuallyDrop::new(server);
    assert!(answers(&server.tcp_url).await);

    let next = Embedded::start(dir.path(), None).await.unwrap();
    assert_ne!(server_pid(dir.path()), orphan);
    assert!(!answers(&server.tcp_url).await);
    assert!(answers(next.url()).await);
    next.stop().await.unwrap();
}

#[tokio::test]
async fn a_crashed_server_is_noticed_and_recovers() {
    let dir = data_dir();
    let mut embedded = Embedded::start(dir.path(), None).await.unwrap();
    kill_process(server_pid(dir.path()), Signal::KILL).unwrap();
    assert!(embedded.exited().await.to_string().starts_with("PostgreSQL stopped"));
    drop(embedded);

    let next = Embedded::start(dir.path(), None).await.unwrap();
    assert!(answers(next.url()).await);
    next.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let dir = data_dir();
    let embedded = Embedded::start(dir.path(), None).await.unwrap();
    embedded.stop().await.unwrap();
    fs::write(dir.path().join("postgres/postgresql.auto.conf"), "no_such_setting = 1\n").unwrap();
    let error = Embedded::start(dir.path(), None).await.unwrap_err();
    assert!(error.to_string().contains("postgresql.auto.conf"), "{error}");
    assert!(error.log_tail().unwrap().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn data_of_another_version_is_left_alone() {
    let dir = data_dir();
    Embedded::start(dir.path(), None).await.unwrap().stop().await.unwrap();
    fs::write(dir.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let error = Embedded::start(dir.path(), None).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Version { made_by: 9, .. }), "{error}");
}

/// Root's clone under `/root`, which is of mode 700.
#[tokio::test]
async fn a_directory_that_the_account_cannot_enter_is_a_link_to_one_that_it_can() {
    if !account::are_we_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data = dir.path().join("data");
    let embedded = Embedded::start(&data, None).await.unwrap();
    assert!(answers(embedded.url()).await);
    let elsewhere = fs::read_link(data.join("postgres")).unwrap();
    assert!(elsewhere.is_dir());
    embedded.stop().await.unwrap();

    let again = Embedded::start(&data, None).await.unwrap();
    assert!(answers(again.url()).await);
    again.stop().await.unwrap();
    remove(&data).await.unwrap();
    assert!(!elsewhere.parent().unwrap().exists());
}
