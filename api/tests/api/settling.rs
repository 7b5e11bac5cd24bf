//! The real worker beside the API, and sales for it to settle.

use crate::support::{Project, queued};
use chrono::{DateTime, Utc};
use clap::Parser;
use common::config::{NotifyArgs, QueueArgs, StripeArgs, WatchArgs};
use domain::money::BasisPoints;
use domain::rules::{Commission, Rules};
use serde_json::Value;
use sqlx::ConnectOptions;
use std::collections::BTreeSet;
use std::time::Duration;
use store::{PgPool, program_rules};
use stripe::sample::{Sample, Version};
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    queue: QueueArgs,
    #[command(flatten)]
    stripe: StripeArgs,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    watch: WatchArgs,
}

/// A programme that pays 20 % at once, and a worker until the guard is dropped.
pub(crate) async fn settle_for(pool: &PgPool, project: &Project, hold_days: u32) -> DropGuard {
    let percent = Commission::Percent { basis_points: BasisPoints(2_000) };
    settle_under(pool, project, &Rules { hold_days, ..Rules::of(percent) }).await
}

/// A programme with these rules, and a worker until the guard is dropped.
pub(crate) async fn settle_under(pool: &PgPool, project: &Project, rules: &Rules) -> DropGuard {
    program_rules::add(&mut pool.acquire().await.unwrap(), project.realm.project, rules, None).await.unwrap();
    let url = pool.connect_options().to_url_lossy().to_string();
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        let options = Options::parse_from(["worker", "--amqp-url="]);
        let Options { queue, stripe, notify, watch } = &options;
        let settings = worker::Settings { database_url: &url, queue, stripe, notify, watch };
        worker::run(settings, stop).await.unwrap();
    });
    shutdown.drop_guard()
}

/// A customer who paid 49.00 USD with this code in the metadata.
pub(crate) fn sale(number: u64, code: &str, at: DateTime<Utc>) -> Sample {
    Sample {
        client_reference_id: None,
        metadata: vec![("referral_code".to_owned(), code.to_owned())],
        ..Sample::new(number, Version::Dahlia, at)
    }
}

/// Takes the resettle messages off the queue: the codes and the keys that they name.
pub(crate) async fn asked(pool: &PgPool) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut codes, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for (headers, body) in queued(pool).await {
        assert_eq!(headers["source"], "resettle");
        let body: Value = serde_json::from_slice(&body).unwrap();
        let texts = |name: &str| {
            let texts = body[name].as_array().unwrap().iter();
            texts.map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        codes.extend(texts("codes"));
        keys.extend(texts("keys"));
    }
    sqlx::query("DELETE FROM queue_messages").execute(pool).await.unwrap();
    (codes, keys)
}

/// A set of texts.
pub(crate) fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}

/// Waits until nothing is on the queue.
pub(crate) async fn settled(pool: &PgPool) {
    until("an empty queue", async || {
        let queued = "SELECT count(*) FROM queue_messages";
        sqlx::query_scalar::<_, i64>(queued).fetch_one(pool).await.unwrap() == 0
    })
    .await;
    until("a number for each notification", async || {
        let fresh = "SELECT count(*) FROM notifications WHERE sequence IS NULL";
        sqlx::query_scalar::<_, i64>(fresh).fetch_one(pool).await.unwrap() == 0
    })
    .await;
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let reached = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come"));
}
