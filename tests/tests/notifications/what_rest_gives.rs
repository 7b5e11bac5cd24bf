//! `data` is what the object's own call gives.

use anyhow::{Context, Result, ensure};
use cli::demo::history;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr};
use tests::{
    deployment::{self, Deployment},
    stores::Backend,
    stripe,
    wait::until,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_notified_is_what_rest_gives() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let key = &entered.api_key;
        let events = history::events();
        stripe::post_all(&stripe::client()?, api, &entered, &history::deliveries(&events)).await?;
        deployment.settled(entered.realm, events.len()).await?;
        let affiliate = json!({"email": "new@example.com", "payout_preferences": {"iban": "DE02"}, "commission": "15.00usd"});
        send(api, key, "POST", "affiliates", &affiliate).await?;
        send(api, key, "PUT", "affiliates/new%40example.com", &json!({"partner_slug": "new"})).await?;
        numbered(deployment).await?;

        let mut last: BTreeMap<(String, i64), Value> = BTreeMap::new();
        let mut after = 0;
        loop {
            let answer = get(api, key, &format!("events?limit=500&after={after}")).await?;
            for notification in answer["data"].as_array().context("data")? {
                let event = notification["event"].as_str().context("event")?;
                let kind = event.split('_').next().unwrap_or_default().to_owned();
                let id = notification["data"]["id"].as_i64().context("id")?;
                last.insert((kind, id), notification.clone());
            }
            after = answer["next_after"].as_i64().context("next_after")?;
            if answer["has_more"] == false {
                break;
            }
        }
        let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
        for ((kind, id), notification) in &last {
            let path = match kind.as_str() {
                "commission" => format!("conversions/{id}"),
                "referral" | "affiliate" => {
                    let Some(email) = notification["data"]["user_email"].as_str() else { continue };
                    format!("{kind}s/{}", email.replace('@', "%40"))
                }
                _ => continue,
            };
            let given = get(api, key, &path).await?;
            let (told, given) = (notification["data"].clone(), given["data"].clone());
            assert_eq!(but_the_bind(told), but_the_bind(given), "{path}: {notification}");
            *compared.entry(kind).or_default() += 1;
        }
        ensure!(compared.len() == 3 && compared["commission"] > 10, "{compared:?}");
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

/// An event that came late may move the moment of a bind, or be the first of two that tell of it, and move no money: of
/// that nobody is notified.
fn but_the_bind(mut object: Value) -> Value {
    if let Some(attribution) = object["attribution"].as_object_mut() {
        attribution.remove("bound_at");
        attribution
            .get_mut("evidence")
            .and_then(Value::as_object_mut)
            .and_then(|evidence| evidence.remove("event"));
    }
    object
}

async fn numbered(deployment: &Deployment) -> Result<()> {
    until("all are numbered", async || {
        let fresh = "SELECT count(*) FROM notifications WHERE sequence IS NULL";
        let fresh: i64 = sqlx::query_scalar(fresh).fetch_one(&deployment.pool).await?;
        ensure!(fresh == 0, "{fresh} are not");
        Ok(())
    })
    .await
}

async fn get(api: SocketAddr, key: &str, path: &str) -> Result<Value> {
    send(api, key, "GET", path, &Value::Null).await
}

async fn send(api: SocketAddr, key: &str, method: &str, path: &str, body: &Value) -> Result<Value> {
    let url = format!("http://{api}/api/v1/{path}");
    let mut request = stripe::client()?.request(method.parse()?, url).bearer_auth(key);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await?;
    ensure!(answer.status().is_success(), "{path}: {}", answer.text().await?);
    Ok(answer.json().await?)
}
