//! What consoles that are open add to the database's load: the processor's time of its sessions, while events are settled at a steady
//! rate, without and with them.

use crate::bench::{
    client::Client,
    plan::Plan,
    site::{Site, Through, stop},
    visitor::Visitor,
};
use anyhow::{bail, ensure};
use std::{collections::HashMap, fs, net::SocketAddr, time::Duration};
use store::{PgPool, databases};
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep_until},
};

/// Consoles that are open.
const CONSOLES: u32 = 20;
/// Between two questions of one page, as `console.js` has it.
const POLL: Duration = Duration::from_secs(5);
/// What pages that are open ask for again.
const POLLED: [&str; 2] = ["/now", "/queues/now"];
/// Of the service, whose sessions are measured; the measurement's own are not.
const SERVICE: &str = "tributary-";
/// Linux counts in hundredths of a second, on every architecture.
const TICK: f64 = 0.01;

/// What was seen, in seconds of the processor's time for each second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// The database without a console.
    pub(crate) without: f64,
    /// The same with them.
    pub(crate) with: f64,
    /// Milliseconds that 95 of 100 of their questions took at most.
    pub(crate) answered_p95: f64,
}

/// Settles the plan's rate for the plan's time, twice. None where the server's processes cannot be seen from here.
pub(crate) async fn measure(site: &Site, plan: &Plan) -> anyhow::Result<Option<Seen>> {
    if spent(&site.pool).await?.is_none() {
        return Ok(None);
    }
    let stores = site.stores(Through::Database);
    let (api, address) = site.api(&stores).await?;
    let workers = site.workers(&stores, 1)?;
    let visitor = Visitor::enter(&site.pool).await?;
    let base = format!("{}/{}/{}", webconsole::ROOT, site.realm.project, site.realm.mode);
    let measured = async {
        // What is done once, such as preparing statements, is no part of it.
        look(address, visitor.cookie(), &base, Instant::now() + POLL).await?;
        settle(site, plan).await?;
        let without = load(site, plan).await?;
        let until = Instant::now() + Duration::from_secs(plan.steady_seconds.into());
        let mut open = JoinSet::new();
        for number in 0..CONSOLES {
            let (cookie, base) = (visitor.cookie().to_owned(), base.clone());
            open.spawn(async move {
                // People do not open them all at once.
                sleep_until(Instant::now() + POLL / CONSOLES * number).await;
                look(address, &cookie, &base, until).await
            });
        }
        let with = load(site, plan).await?;
        let mut took = Vec::new();
        while let Some(console) = open.join_next().await {
            took.extend(console??);
        }
        took.sort_unstable();
        let p95 = took.get(took.len() * 95 / 100).or(took.last()).copied().unwrap_or_default();
        anyhow::Ok(Seen { without, with, answered_p95: p95.as_secs_f64() * 1_000.0 })
    };
    let measured = measured.await;
    visitor.leave(&site.pool).await?;
    api.stop().await?;
    stop(workers).await?;
    measured.map(Some)
}

/// Seconds of the processor's time for each second, while events are settled.
async fn load(site: &Site, plan: &Plan) -> anyhow::Result<f64> {
    let (before, began) = (spent(&site.pool).await?, Instant::now());
    settle(site, plan).await?;
    let (after, took) = (spent(&site.pool).await?, began.elapsed());
    let (Some(before), Some(after)) = (before, after) else {
        bail!("the server's processes are out of sight")
    };
    // A session that is new began at nothing.
    let spent = after.iter().map(|(session, ticks)| ticks - before.get(session).copied().unwrap_or_default());
    Ok(spent.sum::<f64>() / took.as_secs_f64())
}

/// Puts the plan's rate of events on the queue for the plan's time, and waits until they are settled.
async fn settle(site: &Site, plan: &Plan) -> anyhow::Result<()> {
    let rate = u64::from(plan.rate);
    let count = rate * u64::from(plan.steady_seconds);
    let workload = site.workload(count);
    let target = site.settled().await? + i64::try_from(count)?;
    let stores = site.latest_stores()?;
    let mut seconds = interval(Duration::from_secs(1));
    for second in 0..u64::from(plan.steady_seconds) {
        seconds.tick().await;
        site.fill(&stores, workload.events(second * rate, rate)).await?;
    }
    site.wait_for(target, &mut []).await.map(drop)
}

/// Asks as an open page does until some time; how long each answer took.
async fn look(
    address: SocketAddr,
    cookie: &str,
    base: &str,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut client = Client::connect(address).await?;
    let (mut polls, mut took) = (interval(POLL), Vec::new());
    for path in POLLED.iter().cycle() {
        polls.tick().await;
        if Instant::now() >= until {
            break;
        }
        let sent = Instant::now();
        let (status, ..) = client.ask(&format!("{base}{path}"), ("cookie", cookie)).await?;
        ensure!(status.is_success(), "{path} answers {status}");
        took.push(sent.elapsed());
    }
    Ok(took)
}

/// What each of the service's sessions has spent so far, in seconds; none where they cannot be seen.
async fn spent(pool: &PgPool) -> anyhow::Result<Option<HashMap<i32, f64>>> {
    let sessions = databases::sessions(&mut *pool.acquire().await?).await?;
    let mut spent = HashMap::new();
    for (process, application) in sessions {
        let Ok(status) = fs::read_to_string(format!("/proc/{process}/stat")) else { return Ok(None) };
        // The name is in parentheses and may hold anything; times are the 12th and 13th field behind it.
        let behind = status.rsplit_once(')').map_or("", |(_, behind)| behind);
        let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        if status.contains("(postgres)") && application.starts_with(SERVICE) {
            spent.insert(process, ticks.sum::<f64>() * TICK);
        }
    }
    Ok(Some(spent))
}
