//! Settings as people write them, and what the programs say of those that cannot be used.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sqlx::Executor;
use std::time::{Duration, Instant};
use tests::{deployment, figures::show, launch::Launch, processes, stores::Backend, stripe, wait::until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Every variable that has a default, and some that have none.
const VARIABLES: [&str; 14] = [
    "AMQP_URL",
    "DRAIN_SECONDS",
    "KEEP_ALIVE_SECONDS",
    "LOG_FORMAT",
    "POSTGRES_BIN",
    "QUEUE_PREFIX",
    "RATE_LIMIT_PER_IP_PER_MINUTE",
    "RATE_LIMIT_PER_KEY_PER_HOUR",
    "REFERRAL_METADATA_KEYS",
    "RUST_LOG",
    "STRIPE_API_BASE",
    "STRIPE_SECRET_KEY",
    "TRUSTED_PROXIES",
    "NOBODY_READS_THIS",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_without_a_value_is_not_set() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        for (program, arguments) in
            [("tributary-api", &[][..]), ("tributary", &["up"]), ("tributary", &["api"])]
        {
            let launch =
                VARIABLES.iter().fold(Launch::of(program, deployment)?, |launch, name| launch.env(name, ""));
            let launch = arguments.iter().fold(launch, |launch, argument| launch.arg(argument));
            let (_, mut running) =
                launch.stdout(std::process::Stdio::null()).serve().await.context(program)?;
            running.terminate().await?;
            ensure!(running.ended(Duration::from_secs(10)).await?.success(), "{program} did not end well");
        }
        let launch = VARIABLES
            .iter()
            .fold(Launch::of("tributary-worker", deployment)?, |launch, name| launch.env(name, ""));
        // A role is not given up for the address that it has no use for.
        let (status, said) = launch.env("DATABASE_URL", " ").said().await?;
        ensure!(!status.success() && said.contains("DATABASE_URL"), "{said}");
        let (status, said) =
            Launch::of("tributary-api", deployment)?.env("LISTEN_ADDR", "nowhere").said().await?;
        ensure!(!status.success() && said.contains(":8080"), "{said}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kind_of_database_is_refused_by_name_and_no_password_is_said() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        for (program, arguments) in [
            ("tributary-api", &[][..]),
            ("tributary-worker", &[]),
            ("tributary", &["up"]),
            ("tributary", &["digest"]),
        ] {
            let launch =
                Launch::of(program, deployment)?.env("DATABASE_URL", "mysql://root:hush@db.internal/x");
            let launch = arguments.iter().fold(launch, |launch, argument| launch.arg(argument));
            let (status, said) = launch.env("LISTEN_ADDR", "127.0.0.1:0").said().await?;
            ensure!(!status.success(), "{program} went on");
            ensure!(
                said.contains("mysql") && said.contains("PostgreSQL") && !said.contains("hush"),
                "{program}: {said}"
            );
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_not_ready_and_says_what_to_run() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        deployment.pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await?;
        let (log, to_log) = std::io::pipe()?;
        let (api, mut running) = Launch::of("tributary-api", deployment)?.stderr(to_log).serve().await?;
        let http = stripe::client()?;
        let readiness = async || -> Result<(u16, Value)> {
            let answer = http.get(format!("http://{api}/readyz")).send().await?;
            Ok((answer.status().as_u16(), answer.json().await?))
        };
        until("the database was asked", async || {
            let (status, told) = readiness().await?;
            ensure!(status == 503, "ready without tables: {told}");
            let reason = told["reason"].as_str().unwrap_or_default();
            ensure!(reason.contains("tributary migrate"), "{told}");
            Ok(())
        })
        .await?;
        processes::command(deployment, &["migrate"]).await?;
        let migrated = Instant::now();
        until("it is ready", async || {
            let (status, told) = readiness().await?;
            ensure!(status == 200 && told["reason"].is_null(), "{told}");
            Ok(())
        })
        .await?;
        show(format!("ready {:?} after the migration", migrated.elapsed()));
        running.terminate().await?;
        running.ended(Duration::from_secs(10)).await?;
        let said = std::io::read_to_string(log)?;
        let line = said.lines().find(|line| line.contains("tributary migrate")).context(said.clone())?;
        let place = deployment.database_url.split('@').nth(1).context("no host")?;
        ensure!(line.contains(place.split('?').next().unwrap_or_default()), "{line} does not name {place}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_draining_before_nobody_listens() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, mut running) = Launch::of("tributary-api", deployment)?.serve().await?;
        // A connection for each question, as a load balancer asks.
        let ask = async || -> Result<Value> {
            Ok(stripe::client()?.get(format!("http://{api}/readyz")).send().await?.json().await?)
        };
        ask().await?;
        running.terminate().await?;
        let mut told = 0;
        while let Ok(answer) = ask().await {
            told += usize::from(answer["status"] == "draining");
        }
        let ended = running.ended(Duration::from_secs(10)).await?;
        show(format!("draining was told {told} times, then nobody listened; {ended}"));
        ensure!(told > 0 && ended.success(), "told {told} times, {ended}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_kept_for_as_long_as_the_setting_says() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, _running) =
            Launch::of("tributary-api", deployment)?.env("KEEP_ALIVE_SECONDS", "8").serve().await?;
        let mut stream = TcpStream::connect(api).await?;
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await?;
        let asked = Instant::now();
        let mut answer = Vec::new();
        tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await??;
        show(format!("an idle connection was closed after {:?}", asked.elapsed()));
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        ensure!(asked.elapsed() >= Duration::from_secs(8), "closed after {:?}", asked.elapsed());
        Ok(())
    })
    .await
}

/// Else the secret would be of a mode in which nothing comes, and live payments would be answered 200 and not be settled.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_of_the_mode_that_the_project_was_made_for() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let tributary = async |arguments: &[&str]| -> Result<Value> {
            let arguments = [&["--json"], arguments].concat();
            Ok(serde_json::from_str(&processes::command(deployment, &arguments).await?)?)
        };
        for (made, also, meant) in
            [("live", None, "live"), ("test", None, "test"), ("live", Some("test"), "test")]
        {
            let created =
                tributary(&["project", "create", "--name", made, "--commission", "20%", "--mode", made])
                    .await?;
            let id = created["project_id"].to_string();
            if let Some(mode) = also {
                tributary(&["key", "create", "--project", &id, "--mode", mode]).await?;
            }
            let secret = format!("whsec_{id}");
            let shown = tributary(&["project", "update", &id, "--stripe-webhook-secret", &secret]).await?;
            ensure!(shown["webhook_secrets"][0]["mode"] == meant, "{made} and {also:?}: {shown}");
        }
        Ok(())
    })
    .await
}
