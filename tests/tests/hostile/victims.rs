//! Everybody else: signed webhooks, reads, writes and probes, one after the other, while something is going on.

use ::stripe::sample::{Sample, Version};
use anyhow::{Context, Result, bail, ensure};
use chrono::Utc;
use cli::demo::programme::Entered;
use reqwest::Client;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tests::{
    deployment,
    figures::{Times, show},
    launch::Launch,
    processes::Process,
    stores::Backend,
    stripe,
};
use tokio::sync::{Mutex, MutexGuard};

/// No wait outlives this.
const LONGEST: Duration = Duration::from_secs(10);

/// What is promised, on a machine that does nothing else.
const P99: Duration = Duration::from_millis(250);

/// With this in the environment nothing but [`P99`] will do, also where a machine gives less without an attack.
const STRICT: &str = "STRICT_TIMES";

/// How long others ask, before and during.
const TIME: Duration = Duration::from_secs(3);

/// How often an attack is tried at most.
const ATTACKS: usize = 4;

/// Waits for its turn: what measures how quickly others are answered is alone among the tests of this program.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// How they fared.
#[derive(Debug, Default)]
pub(crate) struct Fared {
    pub(crate) times: Times,
    /// By what was asked for, how often each status came; 0 is no answer.
    pub(crate) statuses: BTreeMap<(&'static str, u16), usize>,
}

impl Fared {
    /// Requests that were not answered as they should be.
    pub(crate) fn failed(&self) -> usize {
        self.statuses
            .iter()
            .filter(|((_, status), _)| !(200..300).contains(status))
            .map(|(_, count)| count)
            .sum()
    }

    /// Prints the figure.
    pub(crate) fn show(&self, when: &str) {
        let (count, p99, longest) = (self.times.count(), self.times.p99(), self.times.longest());
        show(format!("{when}: {count} requests, p99 {p99:?}, longest {longest:?}, {:?}", self.statuses));
    }

    /// Whether the figure is good: as promised, or a few times what this machine gives without an attack.
    fn is_as_good_as(&self, before: &Self) -> bool {
        let as_before =
            if std::env::var_os(STRICT).is_some() { Duration::ZERO } else { before.times.p99() * 3 };
        self.times.p99() <= P99.max(as_before)
    }
}

/// Lets others ask an api, alone and beside an attack that lasts as long as what `attack` hands back. What the machine does
/// besides is no part of the figure, so the best of several attacks counts; nobody is turned away in any of them.
/// `inspect` looks at the api afterwards.
pub(crate) async fn beside<A>(
    launch: impl AsyncFn(&deployment::Deployment) -> Result<Launch>,
    attack: impl AsyncFn(SocketAddr, &Entered) -> Result<Vec<A>>,
    inspect: impl Fn(&Process) -> Result<()>,
) -> Result<()> {
    let _turn = alone().await;
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let (api, process) = launch(deployment).await?.serve().await?;
        let entered = deployment.programme().await?;
        ask(api, &entered, Duration::from_millis(500)).await?;
        let before = ask(api, &entered, TIME).await?;
        before.show("alone");
        let mut best = Duration::MAX;
        for _ in 0..ATTACKS {
            let attackers = attack(api, &entered).await?;
            let during = ask(api, &entered, TIME).await?;
            during.show(&format!("beside {} attackers", attackers.len()));
            ensure!(during.failed() == 0, "{:?}", during.statuses);
            drop(attackers);
            inspect(&process)?;
            best = best.min(during.times.p99());
            if during.is_as_good_as(&before) {
                deployment.drained().await?;
                return worker.stop().await;
            }
        }
        bail!("p99 {best:?} at best, alone {:?}", before.times.p99())
    })
    .await
}

/// Asks until the time is over, on a thread that the attackers have no part in.
pub(crate) async fn ask(api: SocketAddr, entered: &Entered, time: Duration) -> Result<Fared> {
    let entered = entered.clone();
    let asking = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(ask_here(api, &entered, time))
    });
    asking.await?
}

async fn ask_here(api: SocketAddr, entered: &Entered, time: Duration) -> Result<Fared> {
    let http = Client::builder().no_proxy().timeout(LONGEST).build()?;
    let (mut fared, began) = (Fared::default(), Instant::now());
    let get = |path: &str| http.get(format!("http://{api}{path}")).bearer_auth(&entered.api_key);
    let mut number = 0;
    while began.elapsed() < time {
        number += 1;
        let event = Sample::new(number, Version::Dahlia, Utc::now()).invoice_paid();
        let asked: [(&'static str, _); 5] = [
            ("livez", get("/livez")),
            ("readyz", get("/readyz")),
            ("read", get("/api/v1/conversions?limit=5")),
            (
                "write",
                http.post(format!("http://{api}/api/v1/conversions"))
                    .bearer_auth(&entered.api_key)
                    .header("Prefer", "respond-async")
                    .json(&serde_json::json!({"type": "signup", "email": format!("{number}@buyer.example")})),
            ),
            ("webhook", stripe::request(&http, api, entered, &event)),
        ];
        for (what, request) in asked {
            let began = Instant::now();
            let status = match request.send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    answer.bytes().await.context("an answer broke off")?;
                    status
                }
                Err(error) if error.is_timeout() || error.is_connect() || error.is_request() => 0,
                Err(error) => return Err(error.into()),
            };
            fared.times.push(began.elapsed());
            *fared.statuses.entry((what, status)).or_default() += 1;
        }
    }
    Ok(fared)
}
