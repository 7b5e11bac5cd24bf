//! The console in a real browser.
//!
//! With `CONSOLE_SHOTS` set to `docs/console` the pictures of docs/CONSOLE.md are taken anew.

use crate::support::on_settled_history;
use anyhow::{Context, Result, ensure};
use std::{env, net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};
use store::users::UserRole;
use tests::{
    deployment::Deployment,
    visitor::{PASSWORD, enter},
    wait::until,
};
use tokio::{process::Command, time::timeout};

/// On two cores that do other things as well.
const BUDGET: Duration = Duration::from_mins(4);

#[tokio::test(flavor = "multi_thread")]
async fn a_person_does_a_days_work_in_light_and_dark_on_phone_and_desk() -> Result<()> {
    journey("on").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_does_a_days_work_without_script() -> Result<()> {
    journey("off").await
}

async fn journey(script: &str) -> Result<()> {
    let (Some(modules), Some(chromium)) = (tool("BROWSER_NODE_MODULES")?, tool("CHROMIUM")?) else {
        return Ok(());
    };
    on_settled_history(async |deployment, api, _| {
        enter(deployment, "olga", UserRole::Operator).await?;
        die(deployment).await?;
        drive(&modules, &chromium, api, script).await?;
        until("the letter is settled again", async || {
            ensure!(deployment.queued_in_database().await? == 0, "it is still on the queue");
            Ok(())
        })
        .await
    })
    .await
}

/// Makes a dead letter of an event that was settled: retried it is a repeat, and does nothing.
async fn die(deployment: &Deployment) -> Result<()> {
    let died = sqlx::query(
        "INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
         SELECT $1, project_id, livemode,
                jsonb_build_object('version', 1, 'message_id', gen_random_uuid(), 'source', source, 'project', project_id,
                                   'mode', 'test', 'received_at', received_at),
                body, 5, 'the currency is unknown'
         FROM events WHERE source = 'stripe' ORDER BY id LIMIT 1",
    )
    .bind(&deployment.prefix)
    .execute(&deployment.pool)
    .await?;
    ensure!(died.rows_affected() == 1, "nothing was there to die");
    Ok(())
}

async fn drive(modules: &PathBuf, chromium: &PathBuf, api: SocketAddr, script: &str) -> Result<()> {
    let journey = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/journey.mjs");
    let running = Command::new("node")
        .arg(journey)
        .env("NODE_MODULES", modules)
        .env("CHROMIUM", chromium)
        .env("CONSOLE", format!("http://{api}"))
        .env("SCRIPT", script)
        .env("PASSWORD", PASSWORD)
        .env("SHOTS", env::var_os("CONSOLE_SHOTS").filter(|_| script == "on").unwrap_or_default())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(BUDGET, running).await.context("the browser took too long")??;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success() && said.contains("the journey was made"), "{said}");
    Ok(())
}

/// What `./dev test` has installed or found; `None` where it could not, which it has said, and which may be.
fn tool(name: &str) -> Result<Option<PathBuf>> {
    let found = env::var_os(name).map(PathBuf::from);
    let required = env::var_os("SDK_TOOLS_REQUIRED").is_some();
    ensure!(found.is_some() || !required, "{name} is not set: run ./dev test");
    Ok(found)
}
