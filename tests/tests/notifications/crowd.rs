//! Many endpoints, some of which hang or fail: the others do not notice.
//!
//! What is asserted is what a busy machine keeps as well; the figures are printed. With `NOTIFY_SECONDS=60 NOTIFY_MOST_MS=250`
//! and a release build it is the measurement of docs/NOTIFICATIONS.md.

use anyhow::{Context, Result, ensure};
use domain::{
    ids::{EndpointId, Realm},
    notification::Event,
};
use sealing::Sealer;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env,
    io::{Write, stderr},
    time::Duration,
};
use store::{
    PgPool,
    deliveries::{Selection, now, redeliver},
    notifications::{Cause, NewNotification, write},
    webhook_endpoints::{self, NewEndpoint, disable, enable},
};
use tests::{
    deployment::{self, Deployment},
    processes::Process,
    receiver::{Manner, Receiver},
    stores::Backend,
    wait::until,
};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Projects, each with five endpoints: fifty in all.
const PROJECTS: usize = 10;
/// The first of them has five that hang, the second five that fail.
const HANGS: Duration = Duration::from_secs(15);
/// Notifications a second, of all projects together; each goes to five endpoints.
const RATE: u64 = 100;

fn setting(name: &str, otherwise: u64) -> Result<u64> {
    Ok(env::var(name).ok().map(|value| value.parse()).transpose()?.unwrap_or(otherwise))
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_endpoints_of_which_ten_are_ill() -> Result<()> {
    let (seconds, most) = (setting("NOTIFY_SECONDS", 5)?, setting("NOTIFY_MOST_MS", 5_000)?);
    deployment::on(Backend::Postgres, async |deployment| {
        let mut projects = Vec::new();
        for number in 0..PROJECTS {
            let realm = deployment.programme().await?.realm;
            let mut receivers = Vec::new();
            // One hangs and one fails in each of the first five projects.
            for place in 0..5 {
                let manner = match (number, place) {
                    (0..=4, 0) => Manner::Hangs(HANGS),
                    (0..=4, 1) => Manner::Fails,
                    _ => Manner::Takes,
                };
                let receiver = Receiver::start(manner, 0).await?;
                endpoint(&deployment.pool, realm, &receiver.url(), 15).await?;
                receivers.push((manner, receiver));
            }
            projects.push((realm, receivers));
        }
        let worker = Process::worker_with(deployment, &[("NOTIFY_ALLOW_NETWORKS", "127.0.0.0/8")])?;
        let written = happen(&deployment.pool, &projects, RATE * seconds).await?;
        let healthy = || {
            let all =
                projects.iter().flat_map(|(realm, receivers)| receivers.iter().map(move |it| (*realm, it)));
            all.filter(|(_, (manner, _))| matches!(manner, Manner::Takes))
        };
        until("the healthy ones have everything", async || {
            for (realm, (_, receiver)) in healthy() {
                let expected = written.keys().filter(|(of, _)| *of == realm).count();
                ensure!(receiver.taken().len() == expected, "{} of {expected}", receiver.taken().len());
            }
            Ok(())
        })
        .await?;
        let mut waits = Vec::new();
        for (realm, (_, receiver)) in healthy() {
            for arrival in receiver.taken().values() {
                let number = arrival.body["data"]["number"].as_u64().context("number")?;
                let commit = written.get(&(realm, number)).context("it was never written")?;
                waits.push(arrival.at.saturating_duration_since(*commit));
            }
        }
        waits.sort_unstable();
        let of = |share: usize| {
            waits.get((waits.len() * share / 1_000).min(waits.len() - 1)).copied().unwrap_or_default()
        };
        let _ = writeln!(
            stderr(),
            "{} deliveries: p50 {:?}, p99 {:?}, most {:?}",
            waits.len(),
            of(500),
            of(990),
            of(999)
        );
        ensure!(of(990) <= Duration::from_millis(most), "p99 is {:?}", of(990));
        ensure!(worker.stop().await?.success(), "the worker did not end well");
        Ok(())
    })
    .await
}

type Written = BTreeMap<(Realm, u64), Instant>;

/// Writes so many notifications, each in a transaction of its own, and when each was committed.
async fn happen(pool: &PgPool, projects: &[(Realm, Vec<(Manner, Receiver)>)], count: u64) -> Result<Written> {
    let mut every = interval(Duration::from_secs(1) / u32::try_from(RATE)?);
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut written = Written::new();
    for number in 0..count {
        every.tick().await;
        let (realm, _) = projects.get(usize::try_from(number)? % projects.len()).context("no project")?;
        write(&mut *pool.acquire().await?, &[notification(*realm, number)]).await?;
        written.insert((*realm, number), Instant::now());
    }
    Ok(written)
}

fn notification(realm: Realm, number: u64) -> NewNotification {
    NewNotification {
        realm,
        event: Event::PayoutCreated,
        referrer: None,
        referred: None,
        data: format!(r#"{{"number": {number}, "filler": "{}"}}"#, "x".repeat(1_000)),
        delta: None,
        cause: Cause::default(),
        ledger_entry: None,
    }
}

async fn endpoint(pool: &PgPool, realm: Realm, url: &str, timeout_seconds: i16) -> Result<EndpointId> {
    let secret = Sealer::new(None, "webhook endpoint").seal("s3cret");
    let events = ["*".to_owned()];
    let new = NewEndpoint {
        url,
        description: None,
        events: &events,
        ordered: false,
        timeout_seconds,
        secret: &secret,
    };
    Ok(webhook_endpoints::create(&mut *pool.acquire().await?, realm, &new).await?)
}

/// Parked deliveries.
const PARKED: i64 = 100_000;
/// What a worker may need for them: nothing, but for what it would anyway.
const SLACK: u64 = 24 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_parked_take_no_memory_and_arrive_when_they_are_asked_for() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let receiver = Receiver::start(Manner::Takes, 0).await?;
        let id = endpoint(&deployment.pool, realm, &receiver.url(), 5).await?;
        let worker = Process::worker_with(deployment, &[("NOTIFY_ALLOW_NETWORKS", "127.0.0.0/8")])?;
        for number in 0..50 {
            write(&mut *deployment.pool.acquire().await?, &[notification(realm, number)]).await?;
        }
        arrived(&receiver, 50).await?;
        let before = worker.peak_memory()?;

        disable(&mut *deployment.pool.acquire().await?, id, "a test").await?;
        park(deployment, realm).await?;
        let parked = "SELECT count(*) FROM webhook_deliveries WHERE status = 'parked'";
        until("all are parked", async || {
            let parked: i64 = sqlx::query_scalar(parked).fetch_one(&deployment.pool).await?;
            // And the notice of its being disabled.
            ensure!(parked == PARKED + 1, "{parked} are");
            Ok(())
        })
        .await?;
        let mut connection = deployment.pool.acquire().await?;
        enable(&mut connection, realm, id).await?;
        let asked_at = now(&mut connection).await?;
        redeliver(&mut connection, id, &Selection::Failed, asked_at, 2_000).await?;
        arrived(&receiver, 2_050).await?;
        let after = worker.peak_memory()?;
        let _ =
            writeln!(stderr(), "peak memory: {} KiB, with {PARKED} parked {} KiB", before >> 10, after >> 10);
        ensure!(after <= before + SLACK, "{before} bytes became {after}");
        ensure!(worker.stop().await?.success(), "the worker did not end well");
        Ok(())
    })
    .await
}

async fn arrived(receiver: &Receiver, count: usize) -> Result<()> {
    until("they arrive", async || {
        ensure!(receiver.taken().len() == count, "{} did", receiver.taken().len());
        Ok(())
    })
    .await
}

/// Writes a hundred thousand notifications at once.
async fn park(deployment: &Deployment, realm: Realm) -> Result<()> {
    let data: Value = serde_json::from_str(&notification(realm, 0).data)?;
    sqlx::query(
        "INSERT INTO notifications (project_id, livemode, event, data, cause)
         SELECT $1, $2, 'payout_created', $3, '{}' FROM generate_series(1, $4)",
    )
    .bind(realm.project.0)
    .bind(realm.mode.is_live())
    .bind(sqlx::types::Json(data))
    .bind(PARKED)
    .execute(&deployment.pool)
    .await?;
    Ok(())
}
