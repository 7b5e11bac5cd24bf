//! Signing secrets while the database is silent, and after.

use ::stripe::signature;
use anyhow::{Result, ensure};
use cli::demo::programme::WEBHOOK_SECRET;
use std::time::{Duration, Instant};
use tests::{deployment, figures::show, launch::Launch, stores::Backend, stripe, wait::until, wire::Wire};

/// Accepted, as no body is read here; a dead letter later.
const BODY: &str = "{broken";
const SILENCE: Duration = Duration::from_secs(8);
/// After the silence.
const PROMPT: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_silence_revoked_secrets_end_and_new_projects_begin_soon() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let wire = Wire::to(&deployment.database_url).await?;
        let launch = Launch::of("tributary-api", deployment)?.env("DATABASE_URL", wire.url());
        let (api, _running) = launch.serve().await?;
        let (http, entered) = (stripe::client()?, deployment.programme().await?);
        let post = async |to: &cli::demo::programme::Entered| -> Result<u16> {
            let signature = signature::sign(WEBHOOK_SECRET, chrono::Utc::now(), BODY.as_bytes());
            let answer = stripe::post_signed(&http, api, to, BODY.as_bytes(), Some(&signature)).await?;
            Ok(answer.status().as_u16())
        };
        until("a webhook is accepted", async || {
            ensure!(post(&entered).await? == 200, "not yet");
            Ok(())
        })
        .await?;

        wire.silence();
        sqlx::query("UPDATE stripe_endpoints SET revoked_at = now()").execute(&deployment.pool).await?;
        let new = deployment.programme().await?;
        tokio::time::sleep(SILENCE).await;
        wire.mend();
        let back = Instant::now();
        until("the revoked secret ends", async || {
            ensure!(post(&entered).await? == 400, "not yet");
            Ok(())
        })
        .await?;
        let ended = back.elapsed();
        until("the new project's begins", async || {
            ensure!(post(&new).await? == 200, "not yet");
            Ok(())
        })
        .await?;
        let began = back.elapsed();
        show(format!("after {SILENCE:?} of silence: revoked {ended:?}, new project {began:?} later"));
        ensure!(ended < PROMPT && began < PROMPT, "{ended:?} and {began:?}");
        sqlx::query("DELETE FROM queue_messages").execute(&deployment.pool).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_starts_without_its_database_says_so_and_serves_when_it_is_there() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let wire = Wire::to(&deployment.database_url).await?;
        wire.silence();
        let (http, entered) = (stripe::client()?, deployment.programme().await?);
        let launch = Launch::of("tributary-api", deployment)?.env("DATABASE_URL", wire.url());
        let (api, _running) = launch.serve().await?;
        let readiness = async || -> Result<(u16, serde_json::Value)> {
            let answer = http.get(format!("http://{api}/readyz")).send().await?;
            Ok((answer.status().as_u16(), answer.json().await?))
        };
        // The broker is there, and takes what it is given: it is the secrets that lack.
        let told = until("the broker is there", async || {
            let (status, told) = readiness().await?;
            ensure!(told["broker"] == true, "{told}");
            Ok((status, told))
        })
        .await?;
        assert_eq!((told.0, &told.1["accepts"]), (503, &false.into()), "{}", told.1);
        assert!(told.1["reason"].as_str().unwrap_or_default().contains("secrets"), "{}", told.1);
        assert_eq!(stripe::post(&http, api, &entered, BODY).await?.status(), 503);

        wire.mend();
        let back = Instant::now();
        until("it is ready", async || {
            let (status, told) = readiness().await?;
            ensure!(status == 200, "{told}");
            Ok(())
        })
        .await?;
        let answer = stripe::post(&http, api, &entered, BODY).await?.status();
        show(format!(
            "ready {:?} after the database was there; a webhook is answered {answer}",
            back.elapsed()
        ));
        ensure!(back.elapsed() < PROMPT && answer == 200, "{:?}, {answer}", back.elapsed());
        let worker = deployment.worker();
        until("the event is a dead letter", async || {
            let discarded =
                sqlx::query("UPDATE dead_letters SET discarded_at = now() WHERE discarded_at IS NULL");
            ensure!(discarded.execute(&deployment.pool).await?.rows_affected() == 1, "not yet");
            Ok(())
        })
        .await?;
        deployment.drained().await?;
        worker.stop().await
    })
    .await
}
