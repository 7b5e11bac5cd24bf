//! Workers and the database are killed in the middle of settling and sending: what a receiver that fails at random knows in the end
//! is what the ledger says, to the cent; and so is what the feed says.
//!
//! `NOTIFY_ROUNDS=60 ./dev test -p tests --test notifications books` goes on for some five minutes.

use anyhow::{Context, Result, ensure};
use cli::demo::{history, programme::Entered};
use serde_json::{Value, json};
use std::{collections::BTreeSet, env, net::SocketAddr, time::Duration};
use tests::{
    books::{self, Account, Books},
    deployment::{Deployment, on_stores},
    processes::{Process, command},
    receiver::{Manner, Receiver},
    stores::{Private, on_private_stores},
    stripe,
    wait::until,
};
use tokio::time::sleep;

/// Histories, each of a project of its own; and as often a worker is killed.
const ROUNDS: usize = 6;

/// The database dies in every so many rounds.
const DATABASE: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn books_of_notifications_are_the_ledgers_whatever_dies() -> Result<()> {
    let rounds = env::var("NOTIFY_ROUNDS").ok().map(|rounds| rounds.parse()).transpose()?.unwrap_or(ROUNDS);
    on_private_stores(async |private| {
        on_stores(&private.stores, async |deployment| {
            let (api, api_role) = deployment.api().await?;
            let mut workers = vec![worker(deployment)?, worker(deployment)?];
            let mut followed = Vec::new();
            for round in 0..rounds {
                let receiver = Receiver::start(Manner::AtRandom, u64::try_from(round)?).await?;
                // After the death of the database connections of before fail once each.
                let entered = until("a project", async || deployment.programme().await).await?;
                until("an endpoint", async || endpoint(api, &entered, &receiver, round % 2 == 0).await)
                    .await?;
                stripe::post_history(api, &entered, u64::try_from(round)?).await?;
                followed.push((entered, receiver));
                disturb(deployment, private, &mut workers, round).await?;
            }
            for (entered, _) in &followed {
                deployment.settled(entered.realm, history::events().len()).await?;
                pay(deployment, entered).await?;
            }
            everything_arrives(deployment).await?;
            for (entered, receiver) in &followed {
                check(deployment, api, entered, receiver).await?;
            }
            complete(deployment).await?;
            for worker in workers {
                ensure!(worker.stop().await?.success(), "a worker did not end well");
            }
            api_role.stop().await
        })
        .await
    })
    .await
}

fn worker(deployment: &Deployment) -> Result<Process> {
    Process::worker_with(deployment, &[("NOTIFY_ALLOW_NETWORKS", "127.0.0.0/8")])
}

async fn endpoint(api: SocketAddr, entered: &Entered, receiver: &Receiver, ordered: bool) -> Result<()> {
    let body = json!({"url": receiver.url(), "events": ["*"], "ordered": ordered, "timeout_seconds": 2});
    let url = format!("http://{api}/api/v1/webhook-endpoints");
    let answer = stripe::client()?.post(url).bearer_auth(&entered.api_key).json(&body).send().await?;
    ensure!(answer.status() == 201, "{}", answer.text().await?);
    Ok(())
}

/// Kills a worker, now and then the database, while what was posted is settled and sent.
async fn disturb(
    deployment: &Deployment,
    private: &Private,
    workers: &mut Vec<Process>,
    round: usize,
) -> Result<()> {
    let begun = "SELECT count(*) FROM webhook_attempts";
    let attempts =
        async || anyhow::Ok(sqlx::query_scalar::<_, i64>(begun).fetch_one(&deployment.pool).await?);
    let before = until("an answer", &attempts).await?;
    until("something is sent", async || {
        hurry(deployment).await?;
        ensure!(attempts().await? > before, "nothing is");
        Ok(())
    })
    .await?;
    if round % DATABASE == 1 {
        private.tell(&["kill-database"]).await?;
        private.tell(&["start-database"]).await?;
    }
    workers.remove(0).kill().await?;
    workers.push(worker(deployment)?);
    Ok(())
}

/// What waits for its retry, or for the lease of a dead worker to end, is due at once: the pauses are of minutes and hours.
async fn hurry(deployment: &Deployment) -> Result<()> {
    let sql = "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending' AND tries > 0 AND lease IS NULL";
    sqlx::query(sql).execute(&deployment.pool).await?;
    Ok(())
}

/// Makes payouts of everything and marks half of them as paid.
async fn pay(deployment: &Deployment, entered: &Entered) -> Result<()> {
    let project = entered.realm.project.to_string();
    let made = ["payout", "create", "--project", &project, "--idempotency-key", "all", "--json"];
    let made: Value = serde_json::from_str(&command(deployment, &made).await?)?;
    for (number, payout) in made["payouts"].as_array().context("payouts")?.iter().enumerate() {
        let id = payout["payout_id"].to_string();
        if number % 2 == 0 {
            command(deployment, &["payout", "mark-paid", &id, "--reference", "BANK-1"]).await?;
        } else {
            command(deployment, &["payout", "cancel", &id, "--reason", "a test"]).await?;
        }
    }
    Ok(())
}

async fn everything_arrives(deployment: &Deployment) -> Result<()> {
    until("everything has arrived", async || {
        hurry(deployment).await?;
        let waiting: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM notifications WHERE sequence IS NULL)
                  + (SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered')",
        )
        .fetch_one(&deployment.pool)
        .await?;
        if waiting > 0 {
            sleep(Duration::from_millis(200)).await;
        }
        ensure!(waiting == 0, "{waiting} wait");
        Ok(())
    })
    .await
}

/// What the receiver has, and what the feed has, are the notifications, and their books the statements.
async fn check(
    deployment: &Deployment,
    api: SocketAddr,
    entered: &Entered,
    receiver: &Receiver,
) -> Result<()> {
    let fed = feed(api, entered).await?;
    let sequences: Vec<i64> = fed.iter().filter_map(|it| it["sequence"].as_i64()).collect();
    assert_eq!(sequences, (1..=i64::try_from(fed.len())?).collect::<Vec<_>>(), "the sequence has gaps");
    let taken = receiver.taken();
    let ids: BTreeSet<&str> = fed.iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(ids, taken.keys().map(String::as_str).collect(), "some did not arrive");

    let stated = statements(deployment, entered).await?;
    assert!(!stated.is_empty());
    assert_eq!(closings(&books::of(taken.values().map(|arrival| &arrival.body))?), stated);
    assert_eq!(closings(&books::of(&fed)?), stated);
    Ok(())
}

/// Closing and held, of accounts on which something ever was.
type Closings = BTreeSet<(String, String, i64, i64)>;

fn closings(books: &Books) -> Closings {
    let row = |((affiliate, currency), account): (&(String, String), &Account)| {
        (affiliate.clone(), currency.clone(), account.closing(), account.held)
    };
    books.iter().map(row).collect()
}

async fn feed(api: SocketAddr, entered: &Entered) -> Result<Vec<Value>> {
    let (mut fed, mut after) = (Vec::new(), 0);
    loop {
        let url = format!("http://{api}/api/v1/events?limit=50&after={after}");
        let answer = stripe::client()?.get(url).bearer_auth(&entered.api_key).send().await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        fed.extend(answer["data"].as_array().context("data")?.iter().cloned());
        after = answer["next_after"].as_i64().context("next_after")?;
        if answer["has_more"] == false {
            return Ok(fed);
        }
    }
}

/// Of every affiliate, by `tributary statement`.
async fn statements(deployment: &Deployment, entered: &Entered) -> Result<Closings> {
    let project = entered.realm.project.0;
    let affiliates: Vec<i64> = sqlx::query_scalar("SELECT id FROM affiliates WHERE project_id = $1")
        .bind(project)
        .fetch_all(&deployment.pool)
        .await?;
    let mut closings = Closings::new();
    for affiliate in affiliates.iter().map(i64::to_string) {
        let asked = ["statement", "--project", &project.to_string(), "--affiliate", &affiliate, "--json"];
        let told: Value = serde_json::from_str(&command(deployment, &asked).await?)?;
        for of in told["currencies"].as_array().context("currencies")? {
            let minor = |name: &str| of[name].as_i64().context("minor units");
            let currency = of["currency"].as_str().context("currency")?.to_owned();
            closings.insert((affiliate.clone(), currency, minor("closing")?, minor("closing_held")?));
        }
    }
    Ok(closings)
}

/// Everything has its notifications: entries one each, referrals and payouts one for each state.
async fn complete(deployment: &Deployment) -> Result<()> {
    for (what, sql) in [
        (
            "entries without a notification",
            "SELECT count(*) FROM ledger_entries l
             WHERE NOT EXISTS (SELECT FROM notifications n WHERE n.ledger_entry_id = l.id)",
        ),
        (
            "notifications of no entry",
            "SELECT count(*) FROM notifications n
             WHERE event LIKE 'commission_%' AND NOT EXISTS (SELECT FROM ledger_entries l WHERE l.id = n.ledger_entry_id)",
        ),
        (
            "referrals that are told of wrongly",
            "SELECT count(*) FROM customers c
             WHERE (c.affiliate_id IS NOT NULL AND NOT c.retired)::INTEGER <>
                   (SELECT count(*) FILTER (WHERE event = 'referral_signed_up') - count(*) FILTER (WHERE event = 'referral_canceled')
                    FROM notifications n WHERE n.referred ->> 'id' = c.id::TEXT AND event LIKE 'referral_%')",
        ),
        (
            "payouts that are told of wrongly",
            "SELECT count(*) FROM payouts p
             WHERE ARRAY['payout_created', 'payout_' || p.status] <>
                   (SELECT array_agg(event ORDER BY n.id) FROM notifications n
                    WHERE event LIKE 'payout_%' AND n.data ->> 'id' = p.id::TEXT)",
        ),
    ] {
        let wrong: i64 = sqlx::query_scalar(sql).fetch_one(&deployment.pool).await?;
        assert_eq!(wrong, 0, "{what}");
    }
    Ok(())
}
