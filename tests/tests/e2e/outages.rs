//! Either store may be down (ARCHITECTURE, promise 6). The stores are really stopped.

use anyhow::{Context, Result, ensure};
use cli::demo::{history, programme::Entered};
use reqwest::{Client, Response, header};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tests::{
    deployment::on_stores,
    ledger,
    stores::{Private, on_private_stores},
    stripe,
    wait::until,
};

/// The publish deadline of 2 s, and what a busy machine adds.
const PROMPT: Duration = Duration::from_millis(3_500);

#[tokio::test(flavor = "multi_thread")]
async fn with_the_broker_stopped_events_and_posts_are_accepted_and_settle() -> Result<()> {
    on_private_stores(async |private| {
        on_stores(&private.stores, async |deployment| {
            let (api, api_role) = deployment.api().await?;
            let worker = deployment.worker();
            let entered = deployment.programme().await?;
            let http = stripe::client()?;
            let events = history::events();
            let (before, after) = split(&events);
            stripe::post_all(&http, api, &entered, &before).await?;
            private.tell(&["stop-broker"]).await?;
            stripe::post_all(&http, api, &entered, &after).await?;

            let posted = conversion(&http, api, &entered, "order-1").await?;
            ensure!([201, 202].contains(&posted.status().as_u16()), "{}", posted.text().await?);
            let id = posted.json::<Value>().await?["data"]["id"].clone();
            until("the posted conversion is settled", async || {
                let url = format!("http://{api}/api/v1/conversions/{id}");
                let answer = http.get(url).bearer_auth(&entered.api_key).send().await?;
                let answer: Value = answer.json().await?;
                ensure!(answer["data"]["status"] == "attributed", "{answer}");
                Ok(())
            })
            .await?;
            private.tell(&["start-broker"]).await?;
            // What was on its way when the broker stopped comes back with it.
            deployment.settled(entered.realm, events.len()).await?;
            api_role.stop().await?;
            worker.stop().await
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_database_stopped_events_are_accepted_and_settle_later() -> Result<()> {
    on_private_stores(async |private| {
        on_stores(&private.stores, async |deployment| {
            let (api, api_role) = deployment.api().await?;
            let worker = deployment.worker();
            let entered = deployment.programme().await?;
            let http = stripe::client()?;
            let events = history::events();
            let (before, after) = split(&events);
            stripe::post_all(&http, api, &entered, &before).await?;

            private.tell(&["stop-database"]).await?;
            stripe::post_all(&http, api, &entered, &after).await?;
            let refused = conversion(&http, api, &entered, "order-1").await?;
            assert_is_unavailable(refused).await?;

            private.tell(&["stop-broker"]).await?;
            let refused = stripe::post(&http, api, &entered, &events[0]).await?;
            assert_is_unavailable(refused).await?;

            private.tell(&["start-broker"]).await?;
            private.tell(&["start-database"]).await?;
            deployment.settled(entered.realm, events.len()).await?;
            assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo());
            api_role.stop().await?;
            worker.stop().await
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_brokers_memory_alarm_everything_is_answered_in_time_by_the_spill() -> Result<()> {
    on_private_stores(async |private| {
        on_stores(&private.stores, async |deployment| {
            let (api, api_role) = deployment.api().await?;
            let entered = deployment.programme().await?;
            let http = stripe::client()?;
            let events = history::events();
            private.tell(&["ctl", "--", "set_vm_memory_high_watermark", "0.0001"]).await?;
            let slowest = slowest_answer(&http, api, &entered, &events).await?;
            assert!(slowest < PROMPT, "an answer took {slowest:?}");
            assert_eq!(deployment.queued_in_database().await?, i64::try_from(events.len())?);

            calm_down(private).await?;
            let worker = deployment.worker();
            deployment.settled(entered.realm, events.len()).await?;
            assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo());
            api_role.stop().await?;
            worker.stop().await
        })
        .await
    })
    .await
}

async fn calm_down(private: &Private) -> Result<()> {
    private.tell(&["ctl", "--", "set_vm_memory_high_watermark", "0.6"]).await
}

async fn slowest_answer(
    http: &Client,
    api: SocketAddr,
    entered: &Entered,
    events: &[String],
) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    for event in events {
        let began = Instant::now();
        let answer = stripe::post(http, api, entered, event).await?;
        assert_eq!(answer.status(), 200);
        slowest = slowest.max(began.elapsed());
    }
    Ok(slowest)
}

async fn conversion(http: &Client, api: SocketAddr, entered: &Entered, reference: &str) -> Result<Response> {
    let request =
        http.post(format!("http://{api}/api/v1/conversions")).bearer_auth(&entered.api_key).json(&json!({
            "type": "purchase", "reference": reference, "base_value": 10.5, "base_value_currency": "usd",
            "email": "rita@buyer.example", "referral_code": "ANNA",
        }));
    request.send().await.context("no answer to a post")
}

async fn assert_is_unavailable(answer: Response) -> Result<()> {
    assert_eq!(answer.status(), 503);
    let retry_after = answer.headers().get(header::RETRY_AFTER).context("no Retry-After")?;
    assert!(retry_after.to_str()?.parse::<u32>()? > 0);
    assert_eq!(answer.json::<Value>().await?["error"]["code"], "unavailable");
    Ok(())
}

fn split(events: &[String]) -> (Vec<&str>, Vec<&str>) {
    let (before, after) = events.split_at(events.len() / 3);
    (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect())
}
