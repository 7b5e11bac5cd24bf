//! History from a Stripe that pages, limits and fails, by a reader that is killed, while webhooks come.

use anyhow::{Context, Result, ensure};
use app::{
    Outbox,
    backfill::{self, Asked, Failure, Progress, RulesAsOf, Walk},
    provider_keys,
};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::ids::Realm;
use domain::provider::Provider;
use queue::Prefix;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::Duration;
use store::{Connection, backfills};
use stripe::client::Lists;
use tests::deployment::{self, Deployment};
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::launch::Launch;
use tests::stores::Backend;
use tests::wait::until;
use tokio::time::timeout;

/// Calls a second: as fast as tests have to be.
const FAST: u32 = 1_000;

/// After which a call that is not answered is made again.
const UNANSWERED: Duration = Duration::from_millis(500);

/// Before the affiliates' codes were made, and within the window in which they still count.
static START: LazyLock<DateTime<Utc>> = LazyLock::new(|| (Utc::now() - TimeDelta::days(12)).trunc_subsecs(0));

/// The day before which nothing is payable.
const PAYABLE_FROM: &str = "2099-01-01T00:00:00Z";

fn start() -> DateTime<Utc> {
    *START
}

/// So many customers sent by one of the demo's affiliates, who each pay an invoice, a few a day; one in ten gets half of it back.
fn account(customers: i64, code: &str) -> Account {
    let mut account = Account { now: start().timestamp() + 40 * 86_400, ..Account::default() };
    for n in 0..customers {
        let at = start().timestamp() + n * 2_000;
        let mut add = |object: Value| {
            let id = object["id"].as_str().unwrap_or_default().to_owned();
            account.objects.insert(id, object);
        };
        add(
            json!({"id": format!("cus_{n}"), "object": "customer", "created": at, "email": format!("c{n}@example.com"),
                   "livemode": false, "metadata": {"referral_code": code}}),
        );
        add(
            json!({"id": format!("in_{n}"), "object": "invoice", "created": at + 1, "status": "paid", "livemode": false,
                   "customer": format!("cus_{n}"), "currency": "usd", "amount_paid": 5_000, "amount_due": 5_000,
                   "total": 5_000, "total_excluding_tax": 5_000, "status_transitions": {"paid_at": at + 2}, "metadata": {},
                   "lines": {"object": "list", "data": [], "has_more": false}}),
        );
        add(
            json!({"id": format!("inpay_{n}"), "object": "invoice_payment", "created": at + 2, "status": "paid",
                   "livemode": false, "invoice": format!("in_{n}"), "amount_paid": 5_000, "currency": "usd",
                   "payment": {"type": "payment_intent", "payment_intent": format!("pi_{n}")}}),
        );
        if n % 10 == 0 {
            add(
                json!({"id": format!("re_{n}"), "object": "refund", "created": at + 3, "status": "succeeded",
                       "amount": 2_500, "currency": "usd", "payment_intent": format!("pi_{n}")}),
            );
        }
    }
    account
}

/// A run over all of the account.
struct Run<'a> {
    deployment: &'a Deployment,
    queue: Prefix,
    realm: Realm,
    until: DateTime<Utc>,
    patience: Option<Duration>,
}

impl<'a> Run<'a> {
    async fn over(deployment: &'a Deployment, account: &Account) -> Result<Self> {
        let realm = deployment.programme().await?.realm;
        let queue = deployment.prefix.parse().context("a prefix")?;
        let last = account.objects.values().filter_map(|one| one["created"].as_i64()).max();
        let last = DateTime::from_timestamp(last.unwrap_or_default(), 0).unwrap_or_default();
        Ok(Self { deployment, queue, realm, until: last + TimeDelta::hours(1), patience: None })
    }

    /// Reads until it is done, or fails.
    async fn read(&self, lists: &Lists) -> Result<Result<(), Failure>> {
        let pool = &self.deployment.pool;
        let asked = Asked {
            realm: self.realm,
            since: Some(start()),
            until: Some(self.until),
            rules_as_of: RulesAsOf::Event,
            payable_from: PAYABLE_FROM.parse()?,
        };
        let mut connection = pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let outbox = Outbox { queue: &self.queue, now: Utc::now() };
        let begun = backfill::begin(&mut transaction, outbox, &asked, None).await?;
        transaction.commit().await?;
        drop(connection);
        let (now, progress) = (Utc::now, |_: Progress| {});
        let (queue, patience) = (&self.queue, self.patience);
        let walk = Walk { pool, queue, lists, now: &now, progress: &progress, patience };
        Ok(walk.carry_out(&begun.backfill).await)
    }

    async fn conversions(&self) -> Result<(usize, i64)> {
        let payments = self.deployment.payments(self.realm).await?;
        let net = payments.values().map(|payment| payment.commission.minor - payment.taken_back.minor).sum();
        Ok((payments.len(), net))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_complete_though_calls_fail_and_readers_are_killed() -> Result<()> {
    let account = account(400, "ANNA");
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let run = Run::over(deployment, &account).await?;
        let fake = FakeStripe::start(account.clone(), Faults::one_in(40).and_silence()).await?;
        let mut killed = 0;
        let done = loop {
            // Each reader dies a little later than the one before, in the middle of whatever it does.
            let lists = Lists::new("sk_test_1", &fake.url, FAST)?.answered_within(UNANSWERED);
            match timeout(Duration::from_millis(300 + 200 * killed), run.read(&lists)).await {
                Ok(done) => break done?,
                Err(_killed) => killed += 1,
            }
        };
        done?;
        ensure!(killed > 1, "only {killed} readers were killed");
        deployment.drained().await?;
        let (payments, net) = run.conversions().await?;
        ensure!(payments == 400, "{payments} payments");
        let digest = deployment.digest(run.realm.project).await?;

        let lists = Lists::new("sk_test_1", &fake.url, FAST)?.answered_within(UNANSWERED);
        run.read(&lists).await??;
        deployment.drained().await?;
        ensure!(run.conversions().await? == (400, net), "a second reading changed something");
        ensure!(deployment.digest(run.realm.project).await? == digest, "a second reading changed the digest");
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_keeps_its_pace_and_waits_as_long_as_stripe_asks() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let account = account(3, "ANNA");
        let run = Run::over(deployment, &account).await?;
        let fake = FakeStripe::start(account, Faults::one_in(9)).await?;
        let lists = Lists::new("sk_test_1", &fake.url, 10)?;
        run.read(&lists).await??;
        let (busiest, calls) = fake.busiest_second();
        // A call that waits for its turn may be a little late, and the next one is not.
        ensure!(busiest <= 11 && calls > 11, "{busiest} of {calls} calls in one second");
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_get_into_the_inbox_is_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let mut account = account(2, "ANNA");
        account.objects.get_mut("in_1").context("an invoice")?["amount_paid"] = json!("much");
        let mut run = Run::over(deployment, &account).await?;
        run.patience = Some(Duration::from_secs(10));
        let fake = FakeStripe::start(account, Faults::default()).await?;
        let worker = deployment.worker();
        let lists = Lists::new("sk_test_1", &fake.url, FAST)?;
        let failure = run.read(&lists).await?.err().context("it is not complete")?.to_string();
        ensure!(failure.contains("backfill:invoice.paid:in_1"), "{failure}");
        ensure!(backfills::open(&mut *deployment.pool.acquire().await?, run.realm).await?.is_some());

        // Mended at Stripe, and the dead letter given up, it is read to its end.
        let pool = &deployment.pool;
        sqlx::query("UPDATE dead_letters SET discarded_at = now()").execute(pool).await?;
        sqlx::query("UPDATE backfill_segments SET status = 'pending' WHERE status <> 'done'")
            .execute(pool)
            .await?;
        fake.change(|account| {
            if let Some(invoice) = account.objects.get_mut("in_1") {
                invoice["amount_paid"] = json!(5_000);
            }
        });
        run.read(&lists).await??;
        deployment.drained().await?;
        ensure!(run.conversions().await?.0 == 2);
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_payable_before_the_day_that_was_chosen() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let account = account(2, "ANNA");
        let run = Run::over(deployment, &account).await?;
        let fake = FakeStripe::start(account, Faults::default()).await?;
        run.read(&Lists::new("sk_test_1", &fake.url, FAST)?).await??;
        let floor: DateTime<Utc> = PAYABLE_FROM.parse()?;
        until("all of it is released then", async || {
            let early = "SELECT count(*) FROM conversions WHERE project_id = $1 AND release_at < $2";
            let early: i64 = sqlx::query_scalar(early)
                .bind(run.realm.project.0)
                .bind(floor)
                .fetch_one(&deployment.pool)
                .await?;
            let payments = run.conversions().await?.0;
            ensure!(early == 0 && payments == 2, "{early} of {payments} are released before");
            Ok(())
        })
        .await?;
        deployment.drained().await?;
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_each_affiliate_would_get_and_changes_nothing() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let account = account(20, "ANNA");
        let run = Run::over(deployment, &account).await?;
        let fake = FakeStripe::start(account, Faults::one_in(50)).await?;
        let sealer = provider_keys::sealer(None);
        let mut connection = deployment.pool.acquire().await?;
        provider_keys::keep(&mut connection, run.realm, Provider::Stripe, "rk_test_1", &sealer).await?;
        drop(connection);
        let before = deployment.digest(run.realm.project).await?;
        let from = start().format("%Y-%m-%d").to_string();
        let project = run.realm.project.to_string();
        let backfill = |arguments: &[&str]| {
            let launch = Launch::of("tributary", deployment)?.env("STRIPE_API_BASE", &fake.url);
            let common = ["backfill", "--json", "--project", &project, "--mode", "test", "--from", &from];
            let arguments = common.iter().chain(arguments);
            anyhow::Ok(arguments.fold(launch, |launch, argument| launch.arg(argument)).answered())
        };
        let terms = ["--rules-as-of", "event", "--payable-from", "2026-12-01", "--dry-run"];
        let (status, answer, said) = backfill(&terms)?.await?;
        ensure!(status.success(), "{answer}{said}");
        let told: Value = serde_json::from_str(&answer)?;
        // 20 times 20 % of 50.00, less what of the first and the eleventh half went back.
        ensure!(told["affiliates"][0]["before"] == 0 && told["affiliates"][0]["after"] == 19_000, "{told}");
        ensure!(deployment.digest(run.realm.project).await? == before, "something was changed");
        ensure!(deployment.queued_in_database().await? == 0, "something was put on the queue");

        let (status, _, said) = backfill(&[])?.await?;
        ensure!(status.code() == Some(2), "{status}");
        ensure!(
            said.contains("--rules-as-of <event|now>") && said.contains("--payable-from <DATE>"),
            "{said}"
        );
        Ok(())
    })
    .await
}
