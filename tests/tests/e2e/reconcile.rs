//! An endpoint that missed some of what Stripe sent.

use anyhow::{Context, Result, ensure};
use app::reconcile::reconcile;
use chrono::{TimeDelta, Utc};
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use serde_json::Value;
use std::collections::BTreeSet;
use stripe::client::Lists;
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
