//! The API against its own OpenAPI document: Schemathesis makes up requests, good and bad, and looks
//! at every answer.

use anyhow::{Context, Result, ensure};
use cli::demo::programme::Entered;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::{env, ffi::OsStr, net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tests::{deployment, stores::Backend, stripe};
use tokio::{process::Command, time::timeout};

/// It takes half a minute on two cores.
const BUDGET: Duration = Duration::from_mins(18);

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_the_document_says() -> Result<()> {
    let Some(program) = env::var_os("SCHEMATHESIS") else {
        // ./dev test has said that this is skipped.
        ensure!(env::var_os("PYTHON_TOOLS_REQUIRED").is_none(), "SCHEMATHESIS is not set: run ./dev test");
        return Ok(());
    };
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let existing = enter(&stripe::client()?, api, &entered).await?;
        run(&program, api, &entered, &existing).await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

/// Enters something of each kind; by the name of the parameter, what exists.
async fn enter(http: &Client, api: SocketAddr, entered: &Entered) -> Result<Value> {
    let call = async |method: Method, path: &str, body: Value| -> Result<Value> {
        let request =
            http.request(method, format!("http://{api}/api/v1{path}")).bearer_auth(&entered.api_key);
        let answer = request.header("Prefer", "wait=4").json(&body).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.text().await?);
        answer.json::<Value>().await?.get("data").cloned().context("an answer without data")
    };
    let mut ids = Vec::new();
    for (number, code) in ["ANNA", "BEN", "CLEO"].into_iter().enumerate() {
        let sale = json!({
            "base_value": 49.99, "reference": format!("order-{number}"), "referral_code": code,
            "email": format!("buyer-{number}@example.com"), "stripe_customer_id": format!("cus_{number}"),
        });
        ids.push(call(Method::POST, "/conversions", sale).await?["id"].clone());
    }
    let affiliates = call(Method::GET, "/affiliates", json!({})).await?;
    let coupons = call(Method::GET, "/coupons", json!({})).await?;
    let all = |list: &Value, name: &str| -> Vec<Value> {
        list.as_array().into_iter().flatten().map(|row| row[name].clone()).collect()
    };
    let mut emails = all(&affiliates, "user_email");
    emails.extend([json!("buyer-0@example.com"), json!("BUYER-1@example.com")]);
    ids.extend(all(&coupons, "id"));
    Ok(json!({
        "email": emails, "id": ids, "affiliate_id": all(&affiliates, "id"),
        "referral_code": all(&affiliates, "referral_code"), "code": ["ANNA", "BEN20"], "projectId": [entered.realm.project.0],
        "stripeCustomerId": ["cus_0", "cus_1"], "payment_key": ["order-0", "external:order-1"],
    }))
}

async fn run(program: &OsStr, api: SocketAddr, entered: &Entered, existing: &Value) -> Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis");
    let work = tempfile::tempdir()?;
    let run = Command::new(program)
        .arg("--config-file")
        .arg(home.join("schemathesis.toml"))
        // The document names the place in a variable: only this run knows where it is.
        .args(["run", "--no-color", "--url", &format!("http://{api}")])
        .arg(format!("http://{api}/api/v1/openapi.json"))
        .env("API_KEY", &entered.api_key)
        .env("EXISTING", existing.to_string())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", &home)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(work.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(BUDGET, run).await.context("it took too long")??;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // A run that tries nothing finds nothing.
    ensure!(said.contains(" generated, "), "{said}");
    ensure!(!said.contains("Tested: 0"), "{said}");
    Ok(())
}
