//! Every file in `tests/data/cases`, in several orders, each in a project of its own of one service.

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use cli::demo::programme::Entered;
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use std::{collections::BTreeMap, net::SocketAddr};
use tests::{
    case::{Case, orders},
    deployment::{self, Deployment},
    stores::Backend,
    stripe,
};

/// Projects that are posted to, or looked at, side by side.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_to_what_it_says_in_every_order_on_postgres() -> Result<()> {
    every_case_comes_to_what_it_says(Backend::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_to_what_it_says_in_every_order_on_rabbitmq() -> Result<()> {
    every_case_comes_to_what_it_says(Backend::RabbitMq).await
}

/// Everything is posted before anything is looked at, so that the queue is full of all of it.
async fn every_case_comes_to_what_it_says(backend: Backend) -> Result<()> {
    let cases = Case::all()?;
    let t0 = Utc::now() - TimeDelta::days(10);
    deployment::on(backend, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let posts = cases.iter().map(|case| post(deployment, api, case, t0));
        let posted: Vec<Vec<Posted>> = stream::iter(posts).buffered(AT_ONCE).try_collect().await?;
        let looks = posted.iter().flatten().map(|posted| look(deployment, posted));
        let found: Vec<Found> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let wrong = differences(&found);
        ensure!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

/// A case that was posted in some order.
struct Posted<'a> {
    case: &'a Case,
    order: String,
    to: Entered,
    events: usize,
}

/// What it came to.
struct Found<'a> {
    case: &'a Case,
    order: String,
    /// Where it differs from what is expected.
    wrong: Vec<String>,
    ledger: Vec<String>,
}

async fn post<'a>(
    deployment: &Deployment,
    api: SocketAddr,
    case: &'a Case,
    t0: DateTime<Utc>,
) -> Result<Vec<Posted<'a>>> {
    let bodies = case.bodies(t0)?;
    let posts = orders(&bodies).into_iter().map(async |(order, deliveries)| {
        let to = deployment.of_case(case).await?;
        stripe::post_in_order(&stripe::client()?, api, &to, &deliveries)
            .await
            .with_context(|| format!("{}, {order}", case.name))?;
        Ok(Posted { case, order, to, events: bodies.len() })
    });
    try_join_all(posts).await
}

async fn look<'a>(deployment: &Deployment, posted: &Posted<'a>) -> Result<Found<'a>> {
    let (case, realm) = (posted.case, posted.to.realm);
    let name = || format!("{}, {}", case.name, posted.order);
    deployment.settled(realm, posted.events).await.with_context(name)?;
    let payments = deployment.payments(realm).await?;
    let mut wrong = Vec::new();
    for (key, expected) in &case.expect {
        let found = payments.get(key).map(|found| expected.of(found));
        if found.as_ref() != Some(expected) {
            wrong.push(format!("{key}: {found:?}\n    expected {expected:?}"));
        }
    }
    Ok(Found { case, order: posted.order.clone(), wrong, ledger: deployment.lines(realm.project).await? })
}

/// What is not as expected and in which orders, and the orders whose ledger is not that of the first.
fn differences(found: &[Found<'_>]) -> Vec<String> {
    let mut first: BTreeMap<&str, &Found<'_>> = BTreeMap::new();
    let mut differences: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in found {
        let name = one.case.name.as_str();
        for wrong in &one.wrong {
            differences.entry(format!("{name}, {wrong}")).or_default().push(&one.order);
        }
        let first = first.entry(name).or_insert(one);
        if one.ledger != first.ledger {
            let other = format!("{name}: another ledger than {}", first.order);
            differences.entry(other).or_default().push(&one.order);
        }
    }
    differences.into_iter().map(|(what, orders)| format!("{what}\n    {}", orders.join(", "))).collect()
}
