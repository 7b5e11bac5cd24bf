//! Generated histories over the wire: webhooks posted to the service, history read from a Stripe that pages and fails, and half of the
//! one before and after the other. `HISTORIES=200` tells more of them.

use crate::history::histories;
use anyhow::{Context, Result, ensure};
use app::{
    Outbox,
    backfill::{self, Asked, Progress, RulesAsOf, Walk},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::Realm;
use queue::{Prefix, enqueue_all, envelope::Envelope};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::time::Duration;
use store::Connection;
use stripe::client::Lists;
use tests::deployment::{self, Deployment};
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::oracle::render::{self, Told};
use tests::oracle::store::enter;
use tests::stores::Backend;

/// Of each run of the tests.
const HISTORIES: usize = 4;

/// Calls a second: as fast as tests have to be.
const FAST: u32 = 2_000;

/// After which a call that is not answered is made again.
const UNANSWERED: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn history_and_webhooks_over_the_wire_end_in_one_digest() -> Result<()> {
    let count = std::env::var("HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(HISTORIES);
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let mut random = StdRng::seed_from_u64(48);
        for (number, history) in histories(count, 48).into_iter().enumerate() {
            let mut digests = Vec::new();
            for way in 0..3 {
                let entered = enter(&mut *deployment.pool.acquire().await?, &history).await?;
                let realm = entered.realm;
                let told = render::events(&history, &entered.numbers);
                let account = Account::of(&told);
                let (webhooks, rest): (Vec<Told>, Vec<Told>) =
                    told.into_iter().partition(|told| told.source == queue::envelope::Source::Stripe);
                let (mut before, mut after): (Vec<Told>, Vec<Told>) = match way {
                    0 => (webhooks, Vec::new()),
                    1 => (Vec::new(), Vec::new()),
                    _ => webhooks.into_iter().partition(|_| random.random_bool(0.5)),
                };
                // What lists tell as well need not come by webhook.
                after.retain(|_| random.random_bool(0.5));
                before.extend(rest);
                before.shuffle(&mut random);
                post(deployment, realm, &before).await?;
                if way > 0 {
                    read(deployment, realm, account).await?;
                    post(deployment, realm, &after).await?;
                }
                deployment.drained().await?;
                digests.push(deployment.digest(realm.project).await?);
            }
            ensure!(
                digests.iter().all(|digest| *digest == digests[0]),
                "history {number}: {digests:?}\n{}",
                history.in_short()
            );
        }
        worker.stop().await
    })
    .await
}

/// Puts them on the queue, as the api does with what is posted, each received as it happened.
async fn post(deployment: &Deployment, realm: Realm, told: &[Told]) -> Result<()> {
    let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
    let envelopes: Vec<Envelope> = told
        .iter()
        .map(|told| {
            let received_at = DateTime::from_timestamp(told.received, 0).unwrap_or_default();
            Envelope::new(told.source, realm, told.body.clone().into(), received_at)
        })
        .collect();
    enqueue_all(&mut *deployment.pool.acquire().await?, &queue, &envelopes.iter().collect::<Vec<_>>())
        .await?;
    Ok(())
}

/// Reads the account's lists, a while after everything happened.
async fn read(deployment: &Deployment, realm: Realm, account: Account) -> Result<()> {
    let times = || account.objects.values().filter_map(|one| one["created"].as_i64());
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(()) };
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let read_at = at(account.now) + TimeDelta::days(1);
    let fake = FakeStripe::start(account, Faults::one_in(200).and_silence()).await?;
    let lists = Lists::new("sk_test_1", &fake.url, FAST)?.answered_within(UNANSWERED);
    let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
    let asked = Asked {
        realm,
        since: Some(at(first)),
        until: Some(at(last) + TimeDelta::hours(1)),
        rules_as_of: RulesAsOf::Event,
        // Of the time before anything: it changes no release.
        payable_from: DateTime::<Utc>::UNIX_EPOCH,
    };
    let pool = &deployment.pool;
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let outbox = Outbox { queue: &queue, now: read_at };
    let begun = backfill::begin(&mut transaction, outbox, &asked, None).await?;
    transaction.commit().await?;
    drop(connection);
    let (now, progress) = (move || read_at, |_: Progress| {});
    let walk = Walk { pool, queue: &queue, lists: &lists, now: &now, progress: &progress, patience: None };
    Ok(walk.carry_out(&begun.backfill).await?)
}
