//! Conversions that a back end posts, from the request to the ledger.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{deployment, stores::Backend, stripe, wait::until};

#[tokio::test]
async fn a_posted_conversion_is_settled_and_reversed_when_it_is_deleted_on_postgres() -> Result<()> {
    a_posted_conversion_is_settled_and_reversed(Backend::Postgres).await
}

#[tokio::test]
async fn a_posted_conversion_is_settled_and_reversed_when_it_is_deleted_on_rabbitmq() -> Result<()> {
    a_posted_conversion_is_settled_and_reversed(Backend::RabbitMq).await
}

async fn a_posted_conversion_is_settled_and_reversed(backend: Backend) -> Result<()> {
    deployment::on(backend, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let http = stripe::client()?;
        let call = |method: Method, path: &str| {
            http.request(method, format!("http://{api}/api/v1/conversions{path}"))
                .bearer_auth(&entered.api_key)
        };

        let body = json!({
            "type": "purchase", "reference": "order-1", "base_value": 10.5, "base_value_currency": "usd",
            "email": "rita@buyer.example", "referral_code": "ANNA",
        });
        let posted = call(Method::POST, "").header("Prefer", "wait=10").json(&body).send().await?;
        ensure!(posted.status() == 201, "{}", posted.text().await?);
        let posted: Value = posted.json().await?;
        let data = &posted["data"];
        let told = json!([data["status"], data["value"], data["base_value"], data["referral_code"]]);
        assert_eq!(told.to_string(), r#"["attributed",2.10,10.50,"ANNA"]"#);
        let balances = deployment.lines(entered.realm.project).await?;
        assert!(balances[1].ends_with(r#""usd", "payable", 210]"#), "{balances:#?}");

        let path = format!("/{}", data["id"]);
        ensure!(call(Method::DELETE, &path).send().await?.status() == 200, "it cannot be deleted");
        until("the ledger has reversed it", async || {
            let lines = deployment.lines(entered.realm.project).await?;
            ensure!(!lines.iter().any(|line| line.contains("payable")), "{lines:#?}");
            Ok(())
        })
        .await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}
