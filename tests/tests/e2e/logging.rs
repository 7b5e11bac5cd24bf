//! A log that nobody takes costs lines, and nothing else.

use anyhow::{Context, Result, ensure};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{BufRead, BufReader, PipeReader},
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};
use tests::{
    deployment::{self, Deployment},
    figures::show,
    launch::Launch,
    processes::Process,
    stores::Backend,
    stripe,
    wait::until,
};

/// From SIGTERM to the end.
const STOP: Duration = Duration::from_secs(10);

/// More lines than a pipe holds, at `trace`.
const REQUESTS: usize = 100;

/// What becomes of the log.
enum Log {
    /// Nobody reads it, and nobody closes it.
    Stalled { _reader: PipeReader },
    /// Its reader is gone.
    Gone,
    /// There is no room for it.
    Full,
}

impl Log {
    fn each() -> Result<Vec<(&'static str, Stdio, Self)>> {
        let (stalled, to_stalled) = std::io::pipe()?;
        let (gone, to_gone) = std::io::pipe()?;
        drop(gone);
        let full = File::options().write(true).open("/dev/full")?;
        Ok(vec![
            ("a stalled reader", to_stalled.into(), Self::Stalled { _reader: stalled }),
            ("a reader that is gone", to_gone.into(), Self::Gone),
            ("a full disk", full.into(), Self::Full),
        ])
    }
}

async fn get(api: SocketAddr, path: &str) -> Result<reqwest::Response> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    Ok(client.get(format!("http://{api}{path}")).send().await?)
}

async fn ends(what: &str, mut running: Process, log: Log) -> Result<()> {
    let asked = Instant::now();
    running.terminate().await?;
    let ended = running.ended(STOP).await.context(what.to_owned())?;
    show(format!("{what}: ended {:?} after SIGTERM, {ended}", asked.elapsed()));
    ensure!(ended.success(), "{what}: {ended}");
    drop(log);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_serves_and_stops_when_nobody_takes_its_log() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        for (what, stderr, log) in Log::each()? {
            let launch = Launch::of("tributary-api", deployment)?.env("RUST_LOG", "trace").stderr(stderr);
            let (api, running) = launch.serve().await?;
            for _ in 0..REQUESTS {
                let answer = get(api, "/livez").await.with_context(|| format!("{what}: no answer"))?;
                ensure!(answer.status() == 200, "{what}: {}", answer.status());
            }
            if !matches!(log, Log::Stalled { .. }) {
                let metrics = get(api, "/metrics").await?.text().await?;
                let lost =
                    metrics.lines().find_map(|line| line.strip_prefix("tributary_log_lines_lost_total "));
                let lost: u64 = lost.context("lost lines are not counted")?.parse()?;
                show(format!("{what}: {lost} lines lost"));
                ensure!(lost > 0, "{what}: no line was lost?");
            }
            ends(&format!("api, {what}"), running, log).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_settles_and_stops_when_nobody_takes_its_log() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, role) = deployment.api().await?;
        for (what, stderr, log) in Log::each()? {
            let launch = Launch::of("tributary-worker", deployment)?.env("RUST_LOG", "trace").stderr(stderr);
            let running = launch.start()?;
            let entered = deployment.programme().await?;
            let events = cli::demo::history::events();
            let events: Vec<&str> = events.iter().map(String::as_str).collect();
            stripe::post_all(&stripe::client()?, api, &entered, &events).await?;
            deployment.settled(entered.realm, events.len()).await?;
            ends(&format!("worker, {what}"), running, log).await?;
        }
        role.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn up_serves_and_stops_when_nobody_takes_what_it_says() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        for (what, stderr, log) in Log::each()? {
            let full = File::options().write(true).open("/dev/full")?;
            let launch = Launch::of("tributary", deployment)?.arg("up").env("RUST_LOG", "trace");
            let (api, running) = launch.stderr(stderr).stdout(full).serve().await?;
            for _ in 0..REQUESTS {
                get(api, "/livez").await.with_context(|| format!("{what}: no answer"))?;
            }
            ends(&format!("up, {what}"), running, log).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_run_is_json_in_which_no_key_stands_twice() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let json = |program: &str| -> Result<(Launch, PipeReader)> {
            let (reader, writer) = std::io::pipe()?;
            let launch = Launch::of(program, deployment)?.env("LOG_FORMAT", "json").env("RUST_LOG", "debug");
            Ok((launch.stderr(writer), reader))
        };
        let ((api, api_log), (worker, worker_log)) = (json("tributary-api")?, json("tributary-worker")?);
        let (address, api) = api.serve().await?;
        let worker = worker.start()?;
        let logs = [("api", api_log), ("worker", worker_log)]
            .map(|(of, log)| (of, std::thread::spawn(|| read(log))));
        let lines = run(deployment, address, api, worker).await;
        let mut dead_letters = Vec::new();
        for (of, log) in logs {
            let lines = log.join().map_err(|_| anyhow::anyhow!("the reader panicked"))??;
            show(format!("{of}: {} lines", lines.len()));
            for line in lines {
                let Unique(line) = serde_json::from_str(&line).with_context(|| format!("{of}: {line}"))?;
                for key in ["timestamp", "level", "target"] {
                    ensure!(line.contains_key(key), "{of}: no {key} in {line:?}");
                }
                if line.get("message").is_some_and(|text| text == "dead letter") {
                    dead_letters.push(line);
                }
            }
        }
        lines?;
        let [letter] = dead_letters.as_slice() else { anyhow::bail!("dead letters: {dead_letters:?}") };
        ensure!(letter["message.id"].is_string() && letter["reason"].is_string(), "{letter:?}");
        Ok(())
    })
    .await
}

/// A sound event, a broken one, a refusal; then both are stopped.
async fn run(deployment: &Deployment, api: SocketAddr, served: Process, worker: Process) -> Result<()> {
    let entered = deployment.programme().await?;
    let http = stripe::client()?;
    let events = cli::demo::history::events();
    for body in [events.first().context("no event")?.as_str(), "{broken"] {
        until("it is accepted", async || {
            let answer = stripe::post(&http, api, &entered, body).await?;
            ensure!(answer.status() == 200, "{}", answer.text().await?);
            Ok(())
        })
        .await?;
    }
    let conversion = http.get(format!("http://{api}/api/v1/conversions/0")).bearer_auth(&entered.api_key);
    ensure!(conversion.send().await?.status().is_client_error(), "conversion 0 exists");
    deployment.settled(entered.realm, 1).await?;
    until("the broken event is a dead letter", async || {
        let discarded =
            sqlx::query("UPDATE dead_letters SET discarded_at = now() WHERE discarded_at IS NULL");
        ensure!(discarded.execute(&deployment.pool).await?.rows_affected() == 1, "not yet");
        Ok(())
    })
    .await?;
    for mut running in [served, worker] {
        running.terminate().await?;
        ensure!(running.ended(STOP).await?.success(), "it did not end well");
    }
    Ok(())
}

fn read(log: PipeReader) -> Result<Vec<String>> {
    Ok(BufReader::new(log).lines().collect::<std::io::Result<_>>()?)
}

/// An object whose keys are all different.
#[derive(Debug)]
struct Unique(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
                let mut keys = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    if keys.contains_key(&key) {
                        return Err(A::Error::custom(format!("{key} stands twice")));
                    }
                    keys.insert(key, value);
                }
                Ok(Unique(keys))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}
