//! An event that Stripe's own SDK has signed.

use ::stripe::sample::{Sample, Version};
use anyhow::{Context, Result, ensure};
use chrono::Utc;
use cli::demo::programme::WEBHOOK_SECRET;
use std::{env, path::Path, process::Stdio};
use tests::{deployment, stores::Backend, stripe};
use tokio::{io::AsyncWriteExt, process::Command};

#[tokio::test]
async fn an_event_signed_by_stripes_sdk_is_accepted_and_settled() -> Result<()> {
    let Some(python) = env::var_os("STRIPE_SDK_PYTHON") else {
        // ./dev test has said that this is skipped.
        ensure!(
            env::var_os("PYTHON_TOOLS_REQUIRED").is_none(),
            "STRIPE_SDK_PYTHON is not set: run ./dev test"
        );
        return Ok(());
    };
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let name = "Zoë Müller".to_owned();
        let body = Sample { name, ..Sample::new(1, Version::Dahlia, Utc::now()) }.customer_created();
        let header = signed(Path::new(&python), body.as_bytes()).await?;
        let answer =
            stripe::post_signed(&stripe::client()?, api, &entered, body.as_bytes(), Some(&header)).await?;
        ensure!(answer.status() == 200, "{header}: {}", answer.text().await?);
        deployment.settled(entered.realm, 1).await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

async fn signed(python: &Path, body: &[u8]) -> Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("stripe_sdk/sign.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg(WEBHOOK_SECRET)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no standard input")?.write_all(body).await?;
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "sign.py: {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
