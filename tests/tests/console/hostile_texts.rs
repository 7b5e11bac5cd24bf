//! Texts that strangers send, shown to people with rights.

use crate::support::on_settled_history;
use anyhow::{Result, ensure};
use cli::demo::programme::Entered;
use reqwest::Client;
use serde_json::{Value, json};
use std::net::SocketAddr;
use store::users::UserRole;
use tests::{deployment::Deployment, visitor::Visitor};

const ATTACK: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";

async fn post(api: SocketAddr, entered: &Entered, path: &str, body: Value) -> Result<()> {
    let request = Client::new().post(format!("http://{api}/api/v1{path}")).bearer_auth(&entered.api_key);
    let answer = request.header("Prefer", "wait=4").json(&body).send().await?;
    ensure!(answer.status().is_success(), "{path} {body}: {}", answer.text().await?);
    Ok(())
}

/// Writes the attack into every text that somebody outside can send.
async fn attack(deployment: &Deployment, api: SocketAddr, entered: &Entered) -> Result<()> {
    let preferences = json!({"method": ATTACK});
    let affiliate = json!({"email": "mallory@example.com", "referral_code": "MALLORY", "payout_preferences": preferences});
    post(api, entered, "/affiliates", affiliate).await?;
    let referral = json!({"email": "victim@example.com", "referral_code": "MALLORY", "external_id": ATTACK});
    post(api, entered, "/referrals", referral).await?;
    let conversion = json!({"amount": 10, "currency": "usd", "email": "victim@example.com", "external_id": ATTACK,
        "reference": ATTACK, "coupon_code_used": ATTACK, "url": "javascript:alert(1)"});
    post(api, entered, "/conversions", conversion).await?;
    post(api, entered, "/keys", json!({"name": ATTACK})).await?;
    let endpoint =
        json!({"url": "http://127.0.0.1:9/%3Cscript%3E", "events": ["payout_paid"], "description": ATTACK});
    post(api, entered, "/webhook-endpoints", endpoint).await?;
    let paid: i64 =
        sqlx::query_scalar("SELECT id FROM conversions WHERE affiliate_id IS NOT NULL ORDER BY id LIMIT 1")
            .fetch_one(&deployment.pool)
            .await?;
    post(api, entered, &format!("/conversions/{paid}/hold"), json!({"reason": ATTACK})).await?;
    sqlx::query("UPDATE projects SET name = $1").bind(ATTACK).execute(&deployment.pool).await?;
    sqlx::query(
        "INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
         VALUES ($1, 1, FALSE, jsonb_build_object('message_id', gen_random_uuid(), 'source', $2::TEXT), convert_to($2, 'UTF8'), 1, $2)",
    )
    .bind(&deployment.prefix)
    .bind(ATTACK)
    .execute(&deployment.pool)
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_write_is_text_on_every_page() -> Result<()> {
    on_settled_history(async |deployment, api, entered| {
        attack(deployment, api, entered).await?;
        let ada = Visitor::of(deployment, api, "<b>Ada</b>", UserRole::Operator).await?;
        let mut shown = 0;
        for route in webconsole::described().into_iter().filter(|route| route.method == "GET") {
            let path = route.path.replace("{project}", "1").replace("{mode}", "test");
            let ids: Vec<String> = if path.contains("{id}") { (1..40).map(|id| id.to_string()).collect() } else { vec![String::new()] };
            for id in ids {
                let path = path.replace("{id}", &id);
                let asked = ["", "?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&event=%22%3E%3Cscript%3E&reason=%3Cscript%3E&minimum=%3Cscript%3E"];
                for query in asked {
                    let page = ada.get(&format!("{path}{query}")).await?;
                    let kind = page.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
                    if kind.starts_with("text/csv") {
                        continue;
                    }
                    for raw in ["<script>alert", "<img src=x", "href=\"javascript:", "<b>Ada"] {
                        ensure!(!page.text.contains(raw), "{raw} in {path}{query}: {}", page.text);
                    }
                    shown += usize::from(page.text.contains("&lt;script&gt;alert(1)"));
                }
            }
        }
        ensure!(shown > 20, "the attack is on {shown} pages alone: it was not tried");
        sqlx::query("DELETE FROM dead_letters").execute(&deployment.pool).await?;
        Ok(())
    })
    .await
}
