//! A database that falls silent, and a row that somebody keeps.

use crate::victims;
use anyhow::{Result, ensure};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tests::{deployment, figures::show, launch::Launch, stores::Backend, stripe, wait::until, wire::Wire};

/// No wait outlives this.
const LONGEST: Duration = Duration::from_secs(10);
/// From the return of a store until requests are answered again.
const PROMPT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(15);

async fn readiness(http: &Client, api: SocketAddr) -> Result<(StatusCode, Value)> {
    let answer = http.get(format!("http://{api}/readyz")).send().await?;
    Ok((answer.status(), answer.json().await?))
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_answers_in_time_while_the_database_is_silent_and_soon_after() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let wire = Wire::to(&deployment.database_url).await?;
        let launch = Launch::of("tributary-api", deployment)?.env("DATABASE_URL", wire.url());
        let (api, mut running) = launch.serve().await?;
        let (entered, http) = (deployment.programme().await?, stripe::client()?);
        let read = async || -> Result<(u16, Duration)> {
            let began = Instant::now();
            let request = http.get(format!("http://{api}/api/v1/conversions")).bearer_auth(&entered.api_key);
            let answer = request.send().await?;
            Ok((answer.status().as_u16(), began.elapsed()))
        };
        until("it is ready", async || {
            ensure!(readiness(&http, api).await?.0 == 200, "not yet");
            ensure!(read().await?.0 == 200, "not yet");
            Ok(())
        })
        .await?;

        wire.silence();
        let (mut longest, silent_since, mut told) = (Duration::ZERO, Instant::now(), None);
        while silent_since.elapsed() < SILENCE {
            let reads = futures::future::try_join_all((0..12).map(|_| read())).await?;
            longest = reads.into_iter().map(|(_, took)| took).fold(longest, Duration::max);
            if told.is_none() && readiness(&http, api).await?.1["database"] == false {
                told = Some(silent_since.elapsed());
            }
        }
        show(format!("silent: the longest read {longest:?}; /readyz told it after {told:?}"));
        ensure!(longest < LONGEST, "a read took {longest:?}");
        ensure!(told.is_some(), "/readyz never said that the database is away");

        wire.mend();
        let back = Instant::now();
        until("reads are answered", async || {
            ensure!(read().await?.0 == 200, "not yet");
            Ok(())
        })
        .await?;
        show(format!("back: read after {:?}", back.elapsed()));
        ensure!(back.elapsed() < PROMPT, "it took {:?}", back.elapsed());
        until("it is ready", async || {
            ensure!(readiness(&http, api).await?.0 == 200, "not yet");
            Ok(())
        })
        .await?;

        wire.silence();
        let _ = read().await?;
        let asked = Instant::now();
        running.terminate().await?;
        let ended = running.ended(LONGEST).await?;
        show(format!("silent: ended {:?} after SIGTERM, {ended}", asked.elapsed()));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_keeps_holds_up_its_own_writers_alone() -> Result<()> {
    let _turn = victims::alone().await;
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        let (api, _running) = Launch::of("tributary-api", deployment)?.serve().await?;
        let (one, other) = (deployment.programme().await?, deployment.programme().await?);
        victims::ask(api, &other, Duration::from_millis(500)).await?;
        let before = victims::ask(api, &other, Duration::from_secs(2)).await?;
        before.show("alone");

        let mut keeper = sqlx::PgConnection::connect(&deployment.database_url).await?;
        let mut kept = keeper.begin().await?;
        let email: String =
            sqlx::query_scalar("SELECT user_email FROM affiliates WHERE project_id = $1 LIMIT 1 FOR UPDATE")
                .bind(one.realm.project.0)
                .fetch_one(&mut *kept)
                .await?;
        let http = stripe::client()?;
        let write = async |_: usize| -> Result<Duration> {
            let began = Instant::now();
            let url = format!("http://{api}/api/v1/affiliates/{}", email.replace('@', "%40"));
            let answer =
                http.put(url).bearer_auth(&one.api_key).json(&json!({"partner_slug": "x"})).send().await?;
            ensure!(answer.status() == 503, "{}", answer.status());
            Ok(began.elapsed())
        };
        let writers = futures::future::try_join_all((0..12).map(write));
        let (writers, during) = tokio::join!(writers, victims::ask(api, &other, Duration::from_secs(4)));
        let (writers, during) = (writers?, during?);
        let longest = writers.into_iter().max().unwrap_or_default();
        show(format!("its own writers: the longest waited {longest:?}"));
        during.show("beside 12 writers of a kept row");
        ensure!(longest < LONGEST, "a writer waited {longest:?}");
        let reads = |what: &&(&'static str, u16)| {
            matches!(what.0, "read" | "livez" | "readyz" | "webhook") && what.1 >= 300
        };
        ensure!(!during.statuses.keys().any(|what| reads(&what)), "{:?}", during.statuses);
        kept.rollback().await?;
        deployment.drained().await?;
        worker.stop().await
    })
    .await
}
