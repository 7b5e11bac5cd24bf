//! An endpoint that missed some of what Stripe sent.

use anyhow::{Context, Result, ensure};
use app::reconcile::{compare_objects, reconcile};
use chrono::{TimeDelta, Utc};
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use serde_json::Value;
use std::collections::BTreeSet;
use stripe::client::{Lists, Span};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};
use tests::deployment;
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::stores::Backend;

/// One event in so many does not come; of each type some.
const WITHHELD: usize = 19;

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_events_that_did_not_come_are_found_and_settled() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let now = Utc::now();
        let first = now - TimeDelta::days(2);
        let mut bodies: Vec<String> = Vec::new();
        for n in 0..120_u64 {
            let at = first + TimeDelta::minutes(i64::try_from(n)?);
            let code = Some("ANNA".to_owned());
            let sale = Sample { client_reference_id: code, ..Sample::new(n + 1, Version::Dahlia, at) };
            bodies.extend([sale.customer_created(), sale.invoice_paid()]);
        }
        let events: Vec<Value> =
            bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect::<Result<_>>()?;
        let id = |event: &Value| event["id"].as_str().unwrap_or_default().to_owned();
        let withheld: BTreeSet<String> = events.iter().step_by(WITHHELD).map(id).collect();
        let account = Account { events: events.clone(), now: now.timestamp(), ..Account::default() };
        let fake = FakeStripe::start(account, Faults::one_in(3)).await?;
        let lists = Lists::new("sk_test_1", &fake.url, 1_000)?;
        let queue: Prefix = deployment.prefix.parse().context("a prefix")?;

        let (whole, holes) = (deployment.programme().await?.realm, deployment.programme().await?.realm);
        let worker = deployment.worker();
        let mut connection = deployment.pool.acquire().await?;
        for (realm, gaps) in [(whole, false), (holes, true)] {
            let come =
                bodies.iter().zip(&events).filter(|(_, event)| !gaps || !withheld.contains(&id(event)));
            let envelopes: Vec<Envelope> = come
                .map(|(body, _)| Envelope::new(Source::Stripe, realm, body.clone().into(), now))
                .collect();
            enqueue_all(&mut connection, &queue, &envelopes.iter().collect::<Vec<_>>()).await?;
        }
        deployment.drained().await?;
        ensure!(deployment.digest(whole.project).await? != deployment.digest(holes.project).await?);

        let found = reconcile(&mut connection, &queue, &lists, holes, 3, now).await?;
        ensure!(found.missing.into_iter().collect::<BTreeSet<_>>() == withheld);
        deployment.drained().await?;
        ensure!(deployment.digest(whole.project).await? == deployment.digest(holes.project).await?);

        let again = reconcile(&mut connection, &queue, &lists, holes, 3, now).await?;
        ensure!(again.missing.is_empty() && again.seen == events.len(), "{again:?}");
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn older_objects_of_which_the_ledger_knows_nothing_are_reported() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let now = Utc::now();
        let first = now - TimeDelta::days(60);
        let realm = deployment.programme().await?.realm;
        let mut account = Account { now: now.timestamp(), ..Account::default() };
        let mut bodies = Vec::new();
        for n in 0..10_u64 {
            let sale = Sample::new(n + 1, Version::Dahlia, first + TimeDelta::hours(i64::try_from(n)?));
            let event: Value = serde_json::from_str(&sale.invoice_paid())?;
            let mut object = event["data"]["object"].clone();
            object["created"] = event["created"].clone();
            account.objects.insert(object["id"].as_str().unwrap_or_default().to_owned(), object);
            bodies.push(sale.invoice_paid());
        }
        let unknown: Value = serde_json::from_str(&bodies.remove(3))?;
        let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
        let mut connection = deployment.pool.acquire().await?;
        let envelopes: Vec<Envelope> =
            bodies.into_iter().map(|body| Envelope::new(Source::Stripe, realm, body.into(), now)).collect();
        enqueue_all(&mut connection, &queue, &envelopes.iter().collect::<Vec<_>>()).await?;
        let worker = deployment.worker();
        deployment.drained().await?;
        let fake = FakeStripe::start(account, Faults::default()).await?;
        let lists = Lists::new("sk_test_1", &fake.url, 1_000)?;
        let span = Span { since: first - TimeDelta::days(1), until: now - TimeDelta::days(30) };
        let keys = MetadataKeys::default();
        let found = compare_objects(&mut connection, &lists, realm, span, &keys, now).await?;
        let id = unknown["data"]["object"]["id"].as_str().unwrap_or_default().to_owned();
        ensure!(found.seen == 10 && found.missing == [("invoices", vec![id])].into(), "{found:?}");
        worker.stop().await
    })
    .await
}
