//! Stripe, a back end and finance, who all ask again until they are answered with 2xx, and note it.

pub(crate) mod finance;
mod requests;

use crate::site::Site;
use ::stripe::sample::{Sample, Version};
use anyhow::{Context, Result, ensure};
use chrono::{TimeDelta, Utc};
use cli::demo::{
    history,
    programme::{self, Entered},
};
use domain::fact::{SessionMode, SessionPaymentStatus};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use requests::{AGAIN, Requests};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::PgPool;
use tests::{deployment::Deployment, stripe, wait::until};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

/// Each of the clients who post for Stripe tells of a customer so often: some forty events a second, far below what is settled.
const EVERY: Duration = Duration::from_millis(250);
const STRIPES: u64 = 4;
/// A new project with the demo's whole history, and a post of a back end.
const A_ROUND: Duration = Duration::from_secs(2);
const A_POST: Duration = Duration::from_millis(200);
/// Numbers of the events with which it is seen that everything is well.
const PROBES: u64 = 1_000_000_000;

/// What was answered with 2xx.
#[derive(Default)]
pub(crate) struct Log {
    /// Events of the one large project, by id.
    pub(crate) events: BTreeMap<String, String>,
    /// Projects that were told the demo's history.
    pub(crate) rounds: Vec<Entered>,
    /// Conversions, by reference.
    pub(crate) posts: BTreeMap<String, Value>,
    /// Payouts whose money left, by project and number.
    pub(crate) paid: BTreeMap<(i64, i64), Value>,
}

/// Those who post.
pub(crate) struct Clients {
    shared: Arc<Shared>,
    running: JoinSet<Result<()>>,
    shutdown: CancellationToken,
    probes: AtomicU64,
}

struct Shared {
    pool: PgPool,
    requests: Requests,
    /// The large project, and that of the posts.
    steady: Entered,
    posted: Entered,
    log: Mutex<Log>,
    customers: AtomicU64,
}

impl Clients {
    /// Everybody begins.
    pub(crate) async fn start(deployment: &Deployment, site: &Site<'_>) -> Result<Self> {
        let shared = Arc::new(Shared {
            pool: deployment.pool.clone(),
            requests: Requests::to(site.addresses.clone())?,
            steady: deployment.programme().await?,
            posted: deployment.programme().await?,
            log: Mutex::default(),
            customers: AtomicU64::new(0),
        });
        let (mut running, shutdown) = (JoinSet::new(), CancellationToken::new());
        for seed in 0..STRIPES {
            running.spawn(sales(Arc::clone(&shared), shutdown.clone(), seed));
        }
        running.spawn(rounds(Arc::clone(&shared), shutdown.clone()));
        running.spawn(posts(Arc::clone(&shared), shutdown.clone()));
        running.spawn(finance::payouts(Arc::clone(&shared), shutdown.clone()));
        Ok(Self { shared, running, shutdown, probes: AtomicU64::new(PROBES) })
    }

    /// Waits until each API takes an event and those are settled; how long that took.
    pub(crate) async fn well_again(&self, deployment: &Deployment, site: &Site<'_>) -> Result<Duration> {
        let began = Instant::now();
        let steady = &self.shared.steady;
        let mut ids = Vec::new();
        for api in site.addresses.all() {
            let body = sample(self.probes.fetch_add(1, Ordering::Relaxed)).customer_created();
            until("an API takes events again", async || {
                let answer = stripe::post(&self.shared.requests.http, api, steady, &body).await?;
                ensure!(answer.status() == 200, "{}", answer.text().await?);
                Ok(())
            })
            .await?;
            ids.push(self.shared.accepted(&body)?);
        }
        let settled = "SELECT count(*) FROM events WHERE project_id = $1 AND event_id = ANY($2)";
        until("they are settled", async || {
            let query = sqlx::query_scalar(settled).bind(steady.realm.project.0).bind(&ids);
            let settled: i64 = query.fetch_one(&deployment.pool).await?;
            ensure!(settled == i64::try_from(ids.len())?, "{settled} are");
            Ok(())
        })
        .await?;
        Ok(began.elapsed())
    }

    /// Everybody finishes what they began.
    pub(crate) async fn stop(mut self) -> Result<Noted> {
        self.shutdown.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended??;
        }
        let shared = Arc::into_inner(self.shared).context("somebody still posts")?;
        Ok(Noted {
            steady: shared.steady,
            posted: shared.posted,
            log: shared.log.into_inner().unwrap_or_else(PoisonError::into_inner),
            requests: shared.requests,
        })
    }
}

/// What the clients have noted.
pub(crate) struct Noted {
    pub(crate) steady: Entered,
    pub(crate) posted: Entered,
    pub(crate) log: Log,
    /// How they asked.
    pub(crate) requests: Requests,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an event of the large project.
    fn accepted(&self, body: &str) -> Result<String> {
        let event: Value = serde_json::from_str(body)?;
        let id = event["id"].as_str().context("id")?.to_owned();
        self.log().events.insert(id.clone(), body.to_owned());
        Ok(id)
    }
}

/// The `number`th customer, of whom Anna sent every third.
fn sample(number: u64) -> Sample {
    let mut sample = Sample::new(number, Version::Dahlia, Utc::now() - TimeDelta::days(40));
    if number.is_multiple_of(3) {
        sample.client_reference_id = Some("ANNA".to_owned());
    }
    sample
}

/// What Stripe tells of one customer, in any order, some of it twice.
async fn sales(shared: Arc<Shared>, shutdown: CancellationToken, seed: u64) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut every = pace(EVERY);
    while !shutdown.is_cancelled() {
        every.tick().await;
        let mut sample = sample(shared.customers.fetch_add(1, Ordering::Relaxed));
        let mut events = vec![
            sample.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
            sample.invoice_paid(),
        ];
        if random.random_bool(0.3) {
            (sample.refund_amount, sample.amount_refunded) = (500, 500);
            events.push(sample.refund_created("succeeded"));
        }
        if random.random_bool(0.3) {
            events.push(sample.invoice_paid());
        }
        events.shuffle(&mut random);
        for event in events {
            shared.requests.deliver(&shared.steady, &event).await?;
            shared.accepted(&event)?;
        }
    }
    Ok(())
}

/// Projects with the demo's history, one after the other.
async fn rounds(shared: Arc<Shared>, shutdown: CancellationToken) -> Result<()> {
    let (events, mut random, mut every) = (history::events(), StdRng::seed_from_u64(0), pace(A_ROUND));
    while !shutdown.is_cancelled() {
        every.tick().await;
        let entered = loop {
            match project(&shared.pool).await {
                Ok(entered) => break entered,
                // The database is away.
                Err(_) => sleep(AGAIN).await,
            }
        };
        for event in stripe::shuffled(&events, &mut random) {
            shared.requests.deliver(&entered, event).await?;
        }
        shared.log().rounds.push(entered);
    }
    Ok(())
}

async fn project(pool: &PgPool) -> Result<Entered> {
    let mut transaction = pool.begin().await?;
    let entered = programme::enter(&mut transaction).await?;
    transaction.commit().await?;
    Ok(entered)
}

/// Conversions of a back end.
async fn posts(shared: Arc<Shared>, shutdown: CancellationToken) -> Result<()> {
    let mut every = pace(A_POST);
    for number in 0.. {
        every.tick().await;
        if shutdown.is_cancelled() {
            break;
        }
        let reference = format!("order-{number}");
        let body = json!({
            "type": "purchase", "reference": reference, "base_value": 10.5, "base_value_currency": "usd",
            "email": format!("buyer-{number}@example.com"), "referral_code": "BEN",
        });
        let answer = shared.requests.post(&shared.posted, "conversions", &reference, &body).await?;
        shared.log().posts.insert(reference, answer);
    }
    Ok(())
}

fn pace(every: Duration) -> tokio::time::Interval {
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}
