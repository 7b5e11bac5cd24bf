//! Twenty thousand objects of history, by programs that are killed (`cargo nextest run --run-ignored all large_history`), or
//! as many as four times `CUSTOMERS`.

use anyhow::{Context, Result, ensure};
use app::provider_keys;
use chrono::{TimeDelta, Utc};
use domain::provider::Provider;
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::deployment::{self, Deployment};
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::launch::Launch;
use tests::processes::Process;
use tests::stores::Backend;
use tests::wait::until;
use tokio::time::timeout;

/// Each has four objects.
const CUSTOMERS: i64 = 5_000;

/// How long a reader lives.
const LIFE: Duration = Duration::from_secs(20);

/// Calls a second in test mode, and one that was late and one that was not.
const PACE: usize = 10;

/// Customers of Anna's over forty days, each with an invoice, its payment and a refund.
fn account(customers: i64) -> Account {
    let start = (Utc::now() - TimeDelta::days(45)).timestamp();
    let mut account = Account { now: Utc::now().timestamp(), ..Account::default() };
    for n in 0..customers {
        let at = start + n * (40 * 86_400 / customers);
        let mut add = |object: Value| {
            let id = object["id"].as_str().unwrap_or_default().to_owned();
            account.objects.insert(id, object);
        };
        add(
            json!({"id": format!("cus_{n}"), "object": "customer", "created": at, "email": format!("c{n}@example.com"),
                   "livemode": false, "metadata": {"referral_code": "ANNA"}}),
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
        add(json!({"id": format!("re_{n}"), "object": "refund", "created": at + 3, "status": "succeeded",
                   "amount": 500 + n % 7, "currency": "usd", "payment_intent": format!("pi_{n}")}));
    }
    account
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten minutes"]
#[expect(clippy::print_stderr, reason = "its figures are what it is run for")]
async fn twenty_thousand_objects_are_complete_though_readers_are_killed() -> Result<()> {
    let customers = std::env::var("CUSTOMERS").ok().and_then(|count| count.parse().ok()).unwrap_or(CUSTOMERS);
    let account = account(customers);
    let objects = account.objects.len();
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        // The same history without a Stripe, to compare with.
        let twin = deployment.programme().await?.realm;
        let sealer = provider_keys::sealer(None);
        let mut connection = deployment.pool.acquire().await?;
        provider_keys::keep(&mut connection, realm, Provider::Stripe, "rk_test_1", &sealer).await?;
        let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
        let told = account.told(Utc::now().timestamp());
        let envelopes: Vec<Envelope> = told
            .into_iter()
            .map(|told| Envelope::new(Source::Backfill, twin, told.body.into(), told.at))
            .collect();
        for some in envelopes.chunks(500) {
            enqueue_all(&mut connection, &queue, &some.iter().collect::<Vec<_>>()).await?;
        }
        drop(connection);
        let fake = FakeStripe::start(account.clone(), Faults::one_in(50).and_silence()).await?;
        // It asks for the invoices of refunds, beside whoever reads history.
        let _worker = Process::worker_with(deployment, &[("STRIPE_API_BASE", &fake.url)])?;

        let reader = || {
            let from = (Utc::now() - TimeDelta::days(46)).format("%Y-%m-%d").to_string();
            let launch = Launch::of("tributary", deployment)?.env("STRIPE_API_BASE", &fake.url);
            let project = realm.project.to_string();
            let arguments = ["backfill", "--json", "--project", &project, "--mode", "test", "--from", &from];
            let launch = arguments.iter().fold(launch, |launch, argument| launch.arg(argument));
            let terms = ["--rules-as-of", "event", "--payable-from", "2020-01-01"];
            anyhow::Ok(terms.iter().fold(launch, |launch, argument| launch.arg(argument)))
        };
        let begun = Instant::now();
        let mut killed = 0;
        loop {
            // Dropped, it is killed.
            match timeout(LIFE, reader()?.answered()).await {
                Ok(ended) => {
                    let (status, answer, said) = ended?;
                    ensure!(status.success(), "{answer}{said}");
                    break;
                }
                Err(_elapsed) => killed += 1,
            }
        }
        let took = begun.elapsed();
        until_drained(deployment).await?;
        let (busiest, calls) = fake.busiest_second();
        let digest = deployment.digest(realm.project).await?;
        eprintln!(
            "{objects} objects in {} s by {} readers that were killed and one that was not; {calls} calls, {busiest} in the busiest second; \
             {} questions of the worker's",
            took.as_secs(),
            killed,
            fake.questions()
        );
        ensure!(busiest <= PACE + 1, "{busiest} calls in one second");
        ensure!(i64::try_from(deployment.payments(realm).await?.len())? == customers);
        let lines = deployment.lines(realm.project).await?;
        let other = deployment.lines(twin.project).await?;
        let differ = lines.iter().zip(&other).filter(|(one, other)| one != other).count();
        ensure!(lines.len() == other.len() && differ == 0, "{} lines, {} lines, {differ} differ", lines.len(), other.len());

        let second = Instant::now();
        let (status, answer, said) = reader()?.answered().await?;
        ensure!(status.success(), "{answer}{said}");
        until_drained(deployment).await?;
        ensure!(deployment.digest(realm.project).await? == digest, "a second reading changed something");
        eprintln!("a second reading, of {} s, changed nothing: {answer}", second.elapsed().as_secs());
        Ok(())
    })
    .await
}

/// Waits as long as something leaves the queue.
async fn until_drained(deployment: &Deployment) -> Result<()> {
    loop {
        let waiting = deployment.queued_in_database().await?;
        if waiting == 0 {
            return Ok(());
        }
        until("less is on the queue", async || {
            ensure!(deployment.queued_in_database().await? < waiting, "{waiting} messages wait");
            Ok(())
        })
        .await?;
    }
}
