//! A wire between a program and its database that can fall silent: nothing gets through, and nobody is told.

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// A wire.
pub struct Wire {
    /// The database's address by this wire.
    pub url: String,
    silent: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Wire {
    /// A wire to the database of this URL.
    ///
    /// # Errors
    /// When the URL names no host and port.
    pub async fn to(url: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let begin = url.find('@').context("no user")? + 1;
        let end = url.get(begin..).and_then(|rest| rest.find('/')).context("no database")? + begin;
        let target = url.get(begin..end).context("no host")?.to_owned();
        let mut by_wire = url.to_owned();
        by_wire.replace_range(begin..end, &listener.local_addr()?.to_string());
        let (silent, told) = watch::channel(false);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(join(client, target.clone(), told.clone()));
            }
        });
        Ok(Self { url: by_wire, silent, task })
    }

    /// From now on nothing gets through, on old connections and new ones.
    pub fn fall_silent(&self) {
        self.silent.send_replace(true);
    }

    /// What was held up gets through.
    pub fn speak_again(&self) {
        self.silent.send_replace(false);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn join(client: TcpStream, target: String, told: watch::Receiver<bool>) {
    let mut waiting = told.clone();
    if waiting.wait_for(|silent| !silent).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::join!(copy(from_client, to_server, told.clone()), copy(from_server, to_client, told));
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut told: watch::Receiver<bool>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if told.wait_for(|silent| !silent).await.is_err() {
            return;
        }
        if to.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            break;
        }
    }
    // The end of a connection is news as well.
    if told.wait_for(|silent| !silent).await.is_ok() {
        let _ = to.shutdown().await;
    }
}
