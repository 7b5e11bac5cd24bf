//! What breaks, and how it is mended.

use crate::{
    room::Room,
    site::{EACH, Role, Site},
};
use anyhow::{Context, Result, ensure};
use rand::{Rng, RngExt, seq::SliceRandom};
use std::{collections::BTreeMap, fmt, time::Duration};
use tests::{stores::Private, wait::until, wire::Moment};
use tokio::{process::Command, time::sleep};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    ApiKilled,
    ApiStopped,
    ApiFrozen,
    WorkerKilled,
    WorkerStopped,
    WorkerFrozen,
    DatabaseKilled,
    DatabaseStopped,
    DatabaseFrozen,
    /// One process of the server dies, and the server ends all others.
    BackendKilled,
    BrokerKilled,
    BrokerStopped,
    BrokerFrozen,
    /// It takes nothing: `connection.blocked`.
    BrokerBlocked,
    BothKilled,
    BothFrozen,
    DatabaseCut,
    BrokerCut,
    /// The database commits, and nobody is told.
    CutInACommit,
    /// The broker confirms, and nobody is told.
    CutInAConfirm,
    DatabaseSilent,
    BrokerSilent,
    DiskFull,
}

const ALL: [Fault; 23] = [
    Fault::ApiKilled,
    Fault::ApiStopped,
    Fault::ApiFrozen,
    Fault::WorkerKilled,
    Fault::WorkerStopped,
    Fault::WorkerFrozen,
    Fault::DatabaseKilled,
    Fault::DatabaseStopped,
    Fault::DatabaseFrozen,
    Fault::BackendKilled,
    Fault::BrokerKilled,
    Fault::BrokerStopped,
    Fault::BrokerFrozen,
    Fault::BrokerBlocked,
    Fault::BothKilled,
    Fault::BothFrozen,
    Fault::DatabaseCut,
    Fault::BrokerCut,
    Fault::CutInACommit,
    Fault::CutInAConfirm,
    Fault::DatabaseSilent,
    Fault::BrokerSilent,
    Fault::DiskFull,
];

/// `basic.ack` of AMQP 0-9-1: class 60, method 80.
const CONFIRM: &[u8] = &[0, 60, 0, 80];
/// PostgreSQL's simple query.
const COMMIT: &[u8] = b"COMMIT\0";

/// Every kind once, in any order, before one comes again.
pub(crate) struct Bag {
    kinds: Vec<Fault>,
    left: Vec<Fault>,
    drawn: BTreeMap<Fault, usize>,
}

impl Bag {
    /// Of these kinds, by their names with commas between, or of all; without a disk of its own none is full.
    pub(crate) fn of(only: Option<&str>, disk: bool) -> Result<Self> {
        let fault = |name: &str| {
            let found = ALL.into_iter().find(|kind| format!("{kind:?}").eq_ignore_ascii_case(name.trim()));
            found.with_context(|| format!("{name:?} is no fault; there are {ALL:?}"))
        };
        let asked: Vec<Fault> = match only {
            Some(names) => names.split(',').map(fault).collect::<Result<_>>()?,
            None => ALL.into(),
        };
        let kinds: Vec<Fault> = asked.into_iter().filter(|fault| disk || *fault != Fault::DiskFull).collect();
        ensure!(!kinds.is_empty(), "no fault is left: no file system may be mounted here");
        Ok(Self { kinds, left: Vec::new(), drawn: BTreeMap::new() })
    }

    /// The next one.
    pub(crate) fn draw(&mut self, random: &mut impl Rng) -> Fault {
        if self.left.is_empty() {
            self.left.clone_from(&self.kinds);
            self.left.shuffle(random);
        }
        let fault = self.left.pop().unwrap_or(Fault::WorkerKilled);
        *self.drawn.entry(fault).or_default() += 1;
        fault
    }

    /// How many were drawn.
    pub(crate) fn count(&self) -> usize {
        self.drawn.values().sum()
    }
}

impl fmt::Display for Bag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawn: Vec<String> =
            self.drawn.iter().map(|(fault, times)| format!("{times} {fault:?}")).collect();
        f.write_str(&drawn.join(", "))
    }
}

/// What can break.
pub(crate) struct Faults<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) private: &'a Private,
    pub(crate) room: &'a Room,
}

impl Faults<'_> {
    /// Breaks something for a while, and mends it.
    pub(crate) async fn happen(&self, fault: Fault, hold: Duration, random: &mut impl Rng) -> Result<()> {
        let (site, number) = (self.site, random.random_range(0..EACH));
        match fault {
            Fault::ApiKilled => site.kill(Role::Api, number, hold).await,
            Fault::ApiStopped => site.terminate(Role::Api, number, hold).await,
            Fault::ApiFrozen => site.freeze(Role::Api, number, hold).await,
            Fault::WorkerKilled => site.kill(Role::Worker, number, hold).await,
            Fault::WorkerStopped => site.terminate(Role::Worker, number, hold).await,
            Fault::WorkerFrozen => site.freeze(Role::Worker, number, hold).await,
            Fault::DatabaseKilled => self.down(&["kill-database"], &["start-database"], hold).await,
            Fault::DatabaseStopped => self.down(&["stop-database"], &["start-database"], hold).await,
            Fault::DatabaseFrozen => self.down(&["freeze-database"], &["thaw-database"], hold).await,
            Fault::BackendKilled => self.kill_a_backend().await,
            Fault::BrokerKilled => self.down(&["kill-broker"], &["start-broker"], hold).await,
            Fault::BrokerStopped => self.down(&["stop-broker"], &["start-broker"], hold).await,
            Fault::BrokerFrozen => self.down(&["freeze-broker"], &["thaw-broker"], hold).await,
            Fault::BrokerBlocked => {
                self.watermark("0.0001").await?;
                sleep(hold).await;
                self.watermark("0.6").await
            }
            Fault::BothKilled => {
                self.down(&["kill-database", "kill-broker"], &["start-database", "start-broker"], hold).await
            }
            Fault::BothFrozen => {
                self.down(&["freeze-database", "freeze-broker"], &["thaw-database", "thaw-broker"], hold)
                    .await
            }
            Fault::DatabaseCut => {
                site.database.cut();
                Ok(())
            }
            Fault::BrokerCut => {
                site.broker.cut();
                Ok(())
            }
            Fault::CutInACommit => {
                site.database.cut_at(Moment::Sent(COMMIT));
                came(|| site.database.was_cut()).await
            }
            Fault::CutInAConfirm => {
                site.broker.cut_at(Moment::Answered(CONFIRM));
                came(|| site.broker.was_cut()).await
            }
            Fault::DatabaseSilent => {
                site.database.silence();
                sleep(hold).await;
                site.database.mend();
                Ok(())
            }
            Fault::BrokerSilent => {
                site.broker.silence();
                sleep(hold).await;
                site.broker.mend();
                Ok(())
            }
            Fault::DiskFull => {
                self.room.fill()?;
                sleep(hold).await;
                self.room.clear()?;
                // The database may have given up. The broker's log has its room set aside (docs/adr/0074).
                self.tell(&["start-database"]).await
            }
        }
    }

    async fn down(&self, breaks: &[&str], mends: &[&str], hold: Duration) -> Result<()> {
        self.tell(breaks).await?;
        sleep(hold).await;
        self.tell(mends).await
    }

    async fn tell(&self, commands: &[&str]) -> Result<()> {
        for command in commands {
            self.private.tell(&[command]).await?;
        }
        Ok(())
    }

    async fn watermark(&self, share: &str) -> Result<()> {
        self.private.tell(&["ctl", "--", "set_vm_memory_high_watermark", share]).await
    }

    async fn kill_a_backend(&self) -> Result<()> {
        let pid = self.site.a_backend().await?.to_string();
        // It may have ended by itself.
        Command::new("kill").args(["-KILL", &pid]).status().await.context("kill")?;
        Ok(())
    }
}

async fn came(was_cut: impl Fn() -> bool) -> Result<()> {
    until("the moment comes", async || was_cut().then_some(()).context("it has not come")).await
}
