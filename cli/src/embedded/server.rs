//! The server process.

use super::{
    EmbeddedError,
    cluster::{Cluster, ROLE},
    io,
    layout::Layout,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// After a crash the server first replays its log, so this is generous.
const START: Duration = Duration::from_mins(1);
/// Between two attempts to connect.
const ATTEMPT: Duration = Duration::from_millis(15);
/// `up` stops within five seconds, the database last.
const STOP_FAST: Duration = Duration::from_millis(1_500);
const STOP_NOW: Duration = Duration::from_millis(500);
/// Somebody may take the free port between our look and the server's start.
const PORTS: usize = 3;
/// What the system allows a socket's path, with room for its file name (`.s.PGSQL.65535`).
const SOCKET_DIR_LIMIT: usize = 100 - 15;
/// How much of the log an error shows.
const TAIL: usize = 12;

/// Settings beside PostgreSQL's own: durable, moderate in memory, quiet.
const SETTINGS: [&str; 12] = [
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_connections=100",
    "shared_buffers=128MB",
    "max_wal_size=1GB",
    "jit=off",
    "password_encryption=scram-sha-256",
    "log_destination=stderr",
    "logging_collector=off",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// A server that answers.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    /// By 127.0.0.1: for every program.
    pub(super) tcp_url: String,
    socket_url: Option<String>,
}

impl Server {
    /// Starts a server on `cluster` and waits until it lets us in.
    pub(super) async fn start(cluster: &Cluster, layout: &Layout) -> Result<Self, EmbeddedError> {
        let mut result = Self::start_once(cluster, layout).await;
        for _ in 1..PORTS {
            match &result {
                Err(EmbeddedError::Server { tail, .. }) if tail.contains("Address already in use") => {
                    result = Self::start_once(cluster, layout).await;
                }
                _ => break,
            }
        }
        result
    }

    /// The socket where there is one, since it is faster than TCP.
    pub(super) fn best_url(&self) -> String {
        self.socket_url.clone().unwrap_or_else(|| self.tcp_url.clone())
    }

    /// Returns when the server has stopped by itself.
    pub(super) async fn exited(&mut self, layout: &Layout) -> EmbeddedError {
        match self.child.wait().await {
            Ok(_) => stopped("stopped", layout),
            Err(source) => EmbeddedError::Io { what: "cannot watch PostgreSQL".to_owned(), source },
        }
    }

    /// Asks it to stop, then insists.
    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        for (signal, patience) in [(Signal::INT, STOP_FAST), (Signal::QUIT, STOP_NOW)] {
            self.signal(signal);
            if timeout(patience, self.child.wait()).await.is_ok() {
                return Ok(());
            }
        }
        self.child.kill().await.map_err(io("cannot stop PostgreSQL"))
    }

    async fn start_once(cluster: &Cluster, layout: &Layout) -> Result<Self, EmbeddedError> {
        let port = free_port().map_err(io("cannot find a free port on 127.0.0.1"))?;
        let socket_dir = socket_dir(&cluster.data);
        let log = layout.open_log()?;
        let log_too = log.try_clone().map_err(io("cannot open the log twice"))?;

        let mut command = cluster.command("postgres")?;
        command.arg("-D").arg(&cluster.data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.arg("-k").arg(socket_dir.unwrap_or_default());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.stdout(Stdio::from(log)).stderr(Stdio::from(log_too));
        let child = Command::from(command).spawn().map_err(io("cannot start PostgreSQL"))?;

        let password = &cluster.password;
        let tcp_url = format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/postgres");
        let socket_url = socket_dir.map(|dir| {
            format!("postgres://{ROLE}:{password}@localhost:{port}/postgres?host={}", percent_encode(dir))
        });
        let mut server = Self { child, tcp_url, socket_url };
        server.wait_until_ready(layout).await?;
        Ok(server)
    }

    /// Ready is when it lets us in.
    async fn wait_until_ready(&mut self, layout: &Layout) -> Result<(), EmbeddedError> {
        let unreadable = |source| EmbeddedError::Io {
            what: "cannot read our own database URL".to_owned(),
            source: std::io::Error::other(source),
        };
        let pool = store::pool(&self.best_url(), "tributary start", 1).map_err(unreadable)?;
        let deadline = Instant::now() + START;
        loop {
            if pool.acquire().await.is_ok() {
                pool.close().await;
                return Ok(());
            }
            let ended = self.child.try_wait().map_err(io("cannot watch PostgreSQL"))?.is_some();
            if ended || Instant::now() > deadline {
                return Err(stopped("did not start", layout));
            }
            sleep(ATTEMPT).await;
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Server {
    /// For whoever leaves without [`stop`](Server::stop): the server is told, nobody waits.
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

fn stopped(what: &'static str, layout: &Layout) -> EmbeddedError {
    EmbeddedError::Server { what, tail: layout.log_tail(TAIL), log: layout.log_file() }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The data directory holds the socket too, as nobody else may enter it; unless its path is longer
/// than a socket's may be.
fn socket_dir(data: &Path) -> Option<&str> {
    let dir = data.to_str()?;
    // A comma would end the path in PostgreSQL's list of directories.
    (dir.len() <= SOCKET_DIR_LIMIT && !dir.contains([',', '"'])).then_some(dir)
}

/// Everything but what a path plainly consists of.
fn percent_encode(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    path.bytes().fold(String::new(), |text, byte| {
        if plain(byte) { text + &char::from(byte).to_string() } else { text + &format!("%{byte:02X}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_too_long_for_a_socket_is_left_to_tcp() {
        assert_eq!(
            socket_dir(Path::new("/srv/app/.tributary/postgres")),
            Some("/srv/app/.tributary/postgres")
        );
        assert_eq!(socket_dir(&Path::new("/srv").join("x".repeat(100))), None);
        assert_eq!(socket_dir(Path::new("/srv/a,b")), None);
    }

    #[test]
    fn a_path_survives_the_url() {
        assert_eq!(percent_encode("/srv/my app/é"), "%2Fsrv%2Fmy%20app%2F%C3%A9");
    }
}
