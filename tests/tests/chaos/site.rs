//! Two APIs and two workers, each a process, which reach both stores by wires that can be cut.

use anyhow::{Context, Result, ensure};
use std::{
    env,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tests::{deployment::Deployment, launch::Launch, processes::Process, wait::until, wire::Wire};

/// How long a process may take to end by itself.
const END: Duration = Duration::from_secs(10);

/// Of each role.
pub(crate) const EACH: usize = 2;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Api,
    Worker,
}

/// Everything that runs.
pub(crate) struct Site<'a> {
    deployment: &'a Deployment,
    pub(crate) database: Wire,
    pub(crate) broker: Wire,
    apis: tokio::sync::Mutex<Vec<Process>>,
    workers: tokio::sync::Mutex<Vec<Process>>,
    pub(crate) addresses: Addresses,
}

/// Where the APIs listen; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Addresses(Arc<Mutex<Vec<SocketAddr>>>);

impl Addresses {
    fn lock(&self) -> MutexGuard<'_, Vec<SocketAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<SocketAddr> {
        self.lock().clone()
    }

    /// One of them, another one with each number.
    pub(crate) fn one(&self, number: u64) -> Result<SocketAddr> {
        let all = self.lock();
        let place = usize::try_from(number)?.checked_rem(all.len()).context("no API runs")?;
        all.get(place).copied().context("no API runs")
    }
}

impl<'a> Site<'a> {
    /// Starts all of it.
    pub(crate) async fn start(deployment: &'a Deployment) -> Result<Self> {
        let amqp_url = deployment.amqp_url.as_deref().context("there is no broker")?;
        let site = Self {
            deployment,
            database: Wire::to(&deployment.database_url).await?,
            broker: Wire::to(amqp_url).await?,
            apis: tokio::sync::Mutex::default(),
            workers: tokio::sync::Mutex::default(),
            addresses: Addresses::default(),
        };
        for _ in 0..EACH {
            let (address, api) = site.launch(Role::Api)?.serve().await?;
            site.apis.lock().await.push(api);
            site.addresses.lock().push(address);
            let worker = site.launch(Role::Worker)?.start()?;
            site.workers.lock().await.push(worker);
        }
        Ok(site)
    }

    fn launch(&self, role: Role) -> Result<Launch> {
        let program = match role {
            Role::Api => "tributary-api",
            Role::Worker => "tributary-worker",
        };
        let launch = Launch::of(program, self.deployment)?;
        // What they complain of while everything breaks is no news, unless somebody looks for the reason of something.
        let log = env::var("CHAOS_LOG").unwrap_or_else(|_| "off".to_owned());
        Ok(launch
            .env("DATABASE_URL", self.database.url())
            .env("AMQP_URL", self.broker.url())
            .env("RUST_LOG", &log))
    }

    /// The process id of a session of a worker in the database's server.
    pub(crate) async fn a_backend(&self) -> Result<i32> {
        let one = "SELECT pid FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'tributary-worker' LIMIT 1";
        until("a worker has a session", async || {
            let pid: Option<i32> = sqlx::query_scalar(one).fetch_optional(&self.deployment.pool).await?;
            pid.context("none has")
        })
        .await
    }

    fn of(&self, role: Role) -> &tokio::sync::Mutex<Vec<Process>> {
        match role {
            Role::Api => &self.apis,
            Role::Worker => &self.workers,
        }
    }

    /// SIGKILL; another one takes its place after a while.
    pub(crate) async fn kill(&self, role: Role, number: usize, down: Duration) -> Result<()> {
        let process = self.of(role).lock().await.remove(number);
        process.kill().await?;
        tokio::time::sleep(down).await;
        self.replace(role, number).await
    }

    /// SIGTERM, as an operator would; another one takes its place.
    pub(crate) async fn terminate(&self, role: Role, number: usize, down: Duration) -> Result<()> {
        let mut process = self.of(role).lock().await.remove(number);
        process.terminate().await?;
        let ended = process.ended(END).await?;
        ensure!(ended.success(), "{role:?} did not end well: {ended}");
        tokio::time::sleep(down).await;
        self.replace(role, number).await
    }

    /// SIGSTOP, and SIGCONT after a while.
    pub(crate) async fn freeze(&self, role: Role, number: usize, down: Duration) -> Result<()> {
        let processes = self.of(role).lock().await;
        let process = processes.get(number).context("there is none")?;
        process.freeze().await?;
        tokio::time::sleep(down).await;
        process.thaw().await
    }

    async fn replace(&self, role: Role, number: usize) -> Result<()> {
        let process = match role {
            Role::Api => {
                let (address, process) = self.launch(role)?.serve().await?;
                if let Some(place) = self.addresses.lock().get_mut(number) {
                    *place = address;
                }
                process
            }
            Role::Worker => self.launch(role)?.start()?,
        };
        self.of(role).lock().await.insert(number, process);
        Ok(())
    }

    /// Stops all of it.
    pub(crate) async fn stop(self) -> Result<()> {
        for process in self.apis.into_inner().into_iter().chain(self.workers.into_inner()) {
            ensure!(process.stop().await?.success(), "a process did not end well");
        }
        Ok(())
    }
}
