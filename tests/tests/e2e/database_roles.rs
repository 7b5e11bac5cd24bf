//! Api and worker with the rights that `tributary roles` gives them, and no others.

use anyhow::{Context, Result, ensure};
use cli::demo::history;
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeSet;
use tests::{
    deployment::{self, Deployment},
    ledger,
    processes::command,
    stores::Backend,
    stripe,
};
use uuid::Uuid;

/// The roles of one deployment: roles belong to a server, which other tests use as well.
struct Roles {
    api: String,
    worker: String,
    reader: String,
}

impl Roles {
    async fn create(deployment: &Deployment) -> Result<Self> {
        let name = |of: &str| format!("{of}_{}", Uuid::now_v7().simple());
        let roles = Self { api: name("api"), worker: name("worker"), reader: name("reader") };
        let arguments = ["roles", "--api", &roles.api, "--worker", &roles.worker, "--reader", &roles.reader];
        let sql = command(deployment, &arguments).await?;
        for _ in 0..2 {
            sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&deployment.pool).await?;
        }
        for role in roles.all() {
            let password = format!("ALTER ROLE {role} PASSWORD 'secret'");
            sqlx::raw_sql(AssertSqlSafe(password)).execute(&deployment.pool).await?;
        }
        Ok(roles)
    }

    fn all(&self) -> [&str; 3] {
        [&self.api, &self.worker, &self.reader]
    }

    async fn drop(self, deployment: &Deployment) -> Result<()> {
        for role in self.all() {
            let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&deployment.pool).await?;
        }
        Ok(())
    }
}

fn url_of(deployment: &Deployment, role: &str) -> Result<String> {
    let mut url: Url = deployment.database_url.parse()?;
    ensure!(url.set_username(role).is_ok() && url.set_password(Some("secret")).is_ok(), "no URL of a server");
    Ok(url.into())
}

#[tokio::test]
async fn services_do_all_they_do_with_the_rights_of_their_roles() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let entered = deployment.programme().await?;
        let roles = Roles::create(deployment).await?;
        let (api, api_role) = deployment.api_on(url_of(deployment, &roles.api)?).await?;
        let worker = deployment.worker_on(url_of(deployment, &roles.worker)?);
        let http = stripe::client()?;
        let events = history::events();
        stripe::post_all(&http, api, &entered, &history::deliveries(&events)).await?;
        deployment.settled(entered.realm, events.len()).await?;
        assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo());

        let call = async |method: Method, path: &str, body: Value| -> Result<Value> {
            let request = http.request(method.clone(), format!("http://{api}/api/v1{path}")).bearer_auth(&entered.api_key);
            let request = if body.is_null() { request } else { request.json(&body) };
            let answer = request.header("Prefer", "wait=20").send().await?;
            let status = answer.status();
            let text = answer.text().await?;
            ensure!(status.is_success() && status != StatusCode::ACCEPTED, "{method} {path}: {status} {text}");
            serde_json::from_str(&text).with_context(|| format!("{method} {path}: {text}"))
        };
        let post = async |path: &str, body: Value| call(Method::POST, path, body).await;
        let none = Value::Null;

        let dora = post("/affiliates", json!({"email": "dora@blog.example", "referral_code": "DORA"})).await?;
        let dora = dora["data"]["id"].clone();
        post("/clicks", json!({"referral_code": "DORA"})).await?;
        let coupon = post("/coupons", json!({"affiliate_id": dora, "coupon_code": "DORA10"})).await?;
        call(Method::PUT, &format!("/coupons/{}", coupon["data"]["id"]), json!({"status": "inactive"})).await?;
        post("/referrals", json!({"email": "rita@buyer.example", "referral_code": "DORA"})).await?;
        let sale = json!({"type": "purchase", "reference": "order-1", "base_value": 10.5, "base_value_currency": "usd",
                          "email": "rita@buyer.example"});
        let sale = post("/conversions", sale).await?;
        assert_eq!(sale["data"]["status"], "attributed");
        let sale = format!("/conversions/{}", sale["data"]["id"]);
        call(Method::PUT, &sale, json!({"base_value": 11})).await?;
        post(&format!("{sale}/hold"), json!({"reason": "looked at"})).await?;
        post(&format!("{sale}/release"), json!({"reason": "in order"})).await?;
        post("/referrals/rita@buyer.example/lock", json!({"affiliate": "dora@blog.example", "reason": "asked for"})).await?;
        post("/referrals/rita@buyer.example/unlock", json!({"reason": "asked for"})).await?;
        let endpoint = json!({"url": "https://receiver.example/hooks", "events": ["*"]});
        let endpoint = post("/webhook-endpoints", endpoint).await?;
        let endpoint = format!("/webhook-endpoints/{}", endpoint["data"]["id"]);
        post(&format!("{endpoint}/rotate-secret"), none.clone()).await?;
        call(Method::PUT, &endpoint, json!({"description": "books"})).await?;
        call(Method::DELETE, &endpoint, none.clone()).await?;
        let program = call(Method::GET, "/program", none.clone()).await?;
        let other = json!({"commission": "25%"});
        post("/program/simulate", json!({"rules": other})).await?;
        ensure!(program["data"].is_object(), "{program}");
        let paid = post("/payouts", json!({})).await?;
        ensure!(paid["data"].is_object() || paid["data"].is_array(), "{paid}");
        let payouts = call(Method::GET, "/payouts", none.clone()).await?;
        let payout = format!("/payouts/{}", payouts["data"][0]["id"]);
        post(&format!("{payout}/mark-paid"), json!({"reference": "bank-1"})).await?;
        let key = post("/keys", json!({"name": "reports", "role": "read"})).await?;
        call(Method::DELETE, &format!("/keys/{}", key["data"]["id"]), none.clone()).await?;
        call(Method::DELETE, &sale, none.clone()).await?;
        call(Method::DELETE, "/affiliates/dora@blog.example", none.clone()).await?;
        for list in ["affiliates", "referrals", "coupons", "conversions", "payouts", "keys", "dead-letters", "events", "statistics", "webhook-endpoints"] {
            call(Method::GET, &format!("/{list}"), none.clone()).await?;
        }
        deployment.drained().await?;
        api_role.stop().await?;
        worker.stop().await?;
        command(deployment, &["verify"]).await?;
        roles.drop(deployment).await
    })
    .await
}

#[tokio::test]
async fn roles_may_not_what_they_need_not() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let roles = Roles::create(deployment).await?;
        let refused = [
            (&roles.api, "UPDATE ledger_entries SET amount_minor = 1"),
            (&roles.api, "DELETE FROM ledger_entries"),
            (&roles.api, "TRUNCATE ledger_entries"),
            (&roles.api, "DELETE FROM payouts"),
            (&roles.api, "INSERT INTO events DEFAULT VALUES"),
            (&roles.api, "DELETE FROM facts"),
            (&roles.api, "CREATE TABLE mine ()"),
            (&roles.worker, "UPDATE ledger_entries SET amount_minor = 1"),
            (&roles.worker, "SELECT FROM api_keys"),
            (&roles.worker, "SELECT FROM stripe_endpoints"),
            (&roles.worker, "INSERT INTO payouts DEFAULT VALUES"),
            (&roles.worker, "DELETE FROM events"),
            (&roles.reader, "SELECT FROM api_keys"),
            (&roles.reader, "SELECT FROM webhook_endpoint_secrets"),
            (&roles.reader, "SELECT FROM stripe_endpoints"),
            (&roles.reader, "DELETE FROM queue_messages"),
        ];
        for (role, statement) in refused {
            let mut connection = PgConnection::connect(&url_of(deployment, role)?).await?;
            let error = sqlx::raw_sql(statement).execute(&mut connection).await;
            let error = error.err().with_context(|| format!("{role} may {statement}"))?.to_string();
            ensure!(error.contains("permission denied"), "{statement}: {error}");
            connection.close().await?;
        }
        let mut connection = PgConnection::connect(&url_of(deployment, &roles.reader)?).await?;
        sqlx::query("SELECT FROM ledger_balances").execute(&mut connection).await?;
        connection.close().await?;
        roles.drop(deployment).await
    })
    .await
}

#[tokio::test]
async fn every_table_and_view_has_its_rights() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let printed: Value = serde_json::from_str(&command(deployment, &["roles", "--json"]).await?)?;
        let grants = printed["grants"].as_array().context("grants")?;
        let named: BTreeSet<&str> = grants.iter().filter_map(|grant| grant["table"].as_str()).filter(|name| !name.starts_with("SEQUENCE ")).collect();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::TEXT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')",
        )
        .fetch_all(&deployment.pool)
        .await?;
        let tables: BTreeSet<&str> = tables.iter().map(String::as_str).collect();
        assert_eq!(named, tables, "cli/src/commands/roles/grants.rs names every table, and no other");
        Ok(())
    })
    .await
}
