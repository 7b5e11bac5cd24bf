//! Dead letters with the commands that an operator types.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Stdio;
use tests::{
    deployment::{self, Deployment},
    feed::Feed,
    processes::{binary, command},
    stores::Backend,
    wait::until,
};
use tokio::{io::AsyncWriteExt, process::Command};

/// Discards all; what it said, and whether it did.
async fn discard_all(deployment: &Deployment, options: &[&str], answer: &str) -> Result<(bool, String)> {
    let mut child = Command::new(binary("tributary")?)
        .args(["dead-letters", "discard", "--all", "--json"])
        .args(options)
        .env("DATABASE_URL", &deployment.database_url)
        .env("QUEUE_PREFIX", &deployment.prefix)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut typed = child.stdin.take().context("no input")?;
    // Who reads no answer may have ended before it comes.
    typed.write_all(answer.as_bytes()).await.ok();
    drop(typed);
    let output = child.wait_with_output().await?;
    let said = [output.stderr, output.stdout].concat();
    Ok((output.status.success(), String::from_utf8(said)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn to_discard_all_wants_a_reason_and_asks() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let (feed, worker) = (Feed::of(deployment).await?, deployment.worker());
        for _ in 0..2 {
            feed.event(realm, "no event").await?;
        }
        until("both are dead letters", async || {
            ensure!(deployment.dead_letters().await? == 2, "{}", deployment.dead_letters().await?);
            Ok(())
        })
        .await?;
        let (done, said) = discard_all(deployment, &["--yes"], "").await?;
        ensure!(!done && said.contains("--reason"), "without a reason: {said}");
        let reason = ["--reason", "made by a load test"];
        for (answer, wanted) in [("n\n", "nothing done"), ("", "nobody answered"), ("\n", "nothing done")] {
            let (done, said) = discard_all(deployment, &reason, answer).await?;
            ensure!(
                !done && said.contains("Give up 2 dead letters") && said.contains(wanted),
                "{answer:?}: {said}"
            );
        }
        ensure!(deployment.dead_letters().await? == 2, "some are gone");
        let (done, said) = discard_all(deployment, &reason, "y\n").await?;
        ensure!(done && said.contains("Give up 2 dead letters"), "{said}");
        ensure!(deployment.dead_letters().await? == 0, "some are left");
        let listed: Value =
            serde_json::from_str(&command(deployment, &["dead-letters", "list", "--json"]).await?)?;
        ensure!(listed.as_array().is_some_and(Vec::is_empty), "{listed}");
        worker.stop().await
    })
    .await
}
