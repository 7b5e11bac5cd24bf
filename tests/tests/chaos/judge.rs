//! What the clients noted, held against the ledger.

use crate::{
    clients::{Noted, finance},
    site::Site,
};
use anyhow::{Context, Result, ensure};
use cli::demo::{history, programme::Entered};
use domain::money::{Currency, Money};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};
use tests::{deployment::Deployment, feed::Feed, figures::show, ledger, processes::is_whole, stripe};

/// The digest of the demo's history where nothing breaks.
pub(crate) async fn clean_digest(deployment: &Deployment) -> Result<String> {
    let (api, api_role) = deployment.api().await?;
    let worker = deployment.worker();
    let entered = deployment.programme().await?;
    let events = history::events();
    stripe::post_all(&stripe::client()?, api, &entered, &history::deliveries(&events)).await?;
    deployment.settled(entered.realm, events.len()).await?;
    api_role.stop().await?;
    worker.stop().await?;
    deployment.digest(entered.realm.project).await
}

/// Nothing is left over, lost or doubled.
pub(crate) async fn everything(
    deployment: &Deployment,
    site: &Site<'_>,
    noted: &Noted,
    clean: &str,
) -> Result<()> {
    let log = &noted.log;
    let answered = log.events.len() + log.rounds.len() * history::events().len();
    show(format!(
        "accepted {answered} events, {} posts, {} payouts marked paid; asked again {} times",
        log.posts.len(),
        log.paid.len(),
        noted.requests.refused.load(Ordering::Relaxed)
    ));
    deployment.drained().await.context("what was accepted is settled")?;
    let (lost, doubled) = [events(deployment, noted).await?, posts(deployment, noted).await?]
        .into_iter()
        .fold((0, 0), |(lost, doubled), it| (lost + it.0, doubled + it.1));
    show(format!("lost {lost}, doubled {doubled}"));
    ensure!((lost, doubled) == (0, 0), "lost {lost}, doubled {doubled}");
    for (number, entered) in log.rounds.iter().enumerate() {
        round(deployment, noted, number, entered, clean).await.with_context(|| format!("round {number}"))?;
    }
    same_as_in_calm(deployment, noted).await?;
    is_whole(deployment, &deployment.database_url).await?;
    ensure!(!site.addresses.all().is_empty(), "no API was left");
    show("every ledger is that of a calm run; verify and replay find nothing");
    Ok(())
}

/// How many accepted events are not in the inbox, and how many are there that nobody sent.
async fn events(deployment: &Deployment, noted: &Noted) -> Result<(usize, usize)> {
    let all = "SELECT event_id FROM events WHERE project_id = $1";
    let there: Vec<String> =
        sqlx::query_scalar(all).bind(noted.steady.realm.project.0).fetch_all(&deployment.pool).await?;
    let known: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    let lost = noted.log.events.keys().filter(|id| !known.contains(id.as_str())).count();
    Ok((lost, there.len().saturating_sub(noted.log.events.len() - lost)))
}

/// The same of posted conversions: each is one row, with the id that its poster was told.
async fn posts(deployment: &Deployment, noted: &Noted) -> Result<(usize, usize)> {
    let rows = deployment.payments(noted.posted.realm).await?;
    let lost = noted
        .log
        .posts
        .keys()
        .filter(|reference| !rows.contains_key(&format!("external:{reference}")))
        .count();
    let ids: BTreeSet<String> =
        noted.log.posts.values().map(|answer| answer["data"]["id"].to_string()).collect();
    ensure!(ids.len() == noted.log.posts.len(), "two posts were told one id");
    Ok((lost, rows.len().saturating_sub(noted.log.posts.len() - lost)))
}

/// A round's ledger is that of the demo; what was paid and what is still due come to what was earned.
async fn round(
    deployment: &Deployment,
    noted: &Noted,
    number: usize,
    entered: &Entered,
    clean: &str,
) -> Result<()> {
    let earned = ledger::earned(&deployment.pool, entered.realm).await?;
    ensure!(earned == ledger::of_the_demo(), "{earned:?}");
    if !finance::is_paid(number) {
        let digest = deployment.digest(entered.realm.project).await?;
        ensure!(digest == clean, "its digest is {digest}, and {clean} in a calm run");
        return Ok(());
    }
    let last = noted.requests.post(entered, "payouts", "the-last", &json!({})).await?;
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    let project = entered.realm.project.0;
    let paid = noted.log.paid.range((project, 0)..(project + 1, 0)).map(|it| it.1.clone());
    let carried = last.pointer("/data/carried_over").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in paid.chain(finance::payouts_of(&last)?).chain(carried) {
        let text = |member: &str| row[member].as_str().map(str::to_owned).with_context(|| format!("{row}"));
        let currency = text("currency")?;
        let amount = Money::parse(&text("amount")?, Currency::stored(&currency)?)?;
        *sums.entry((text("affiliate_email")?, currency)).or_default() += amount.minor;
    }
    // Who was paid for what turned out to be another's owes it, and has earned nothing.
    sums.retain(|_, sum| *sum != 0);
    let mut paid: Vec<(String, i64)> = sums.into_iter().map(|((_, currency), sum)| (currency, sum)).collect();
    let mut earned: Vec<(String, i64)> =
        earned.into_iter().map(|(_, currency, sum)| (currency, sum)).collect();
    paid.sort();
    earned.sort();
    ensure!(paid == earned, "paid and due are {paid:?}, earned {earned:?}");
    Ok(())
}

/// The large project's ledger is the one that the same events make when nothing breaks.
async fn same_as_in_calm(deployment: &Deployment, noted: &Noted) -> Result<()> {
    let calm = deployment.programme().await?;
    let feed = Feed::of(deployment).await?;
    for body in noted.log.events.values() {
        feed.event(calm.realm, body.clone()).await?;
    }
    deployment.settled(calm.realm, noted.log.events.len()).await?;
    let (wild, calm) =
        (deployment.digest(noted.steady.realm.project).await?, deployment.digest(calm.realm.project).await?);
    ensure!(wild == calm, "the digest is {wild}, and {calm} of the same events in calm");
    Ok(())
}
