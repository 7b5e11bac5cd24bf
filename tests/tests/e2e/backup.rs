//! A backup that was taken while events came, and restored, as docs/OPERATIONS.md says.

use anyhow::{Context, Result, ensure};
use cli::demo::{history, programme::Entered};
use futures::future::try_join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    env,
    ffi::OsStr,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tests::{
    deployment::{self, Deployment},
    launch::Launch,
    ledger,
    processes::{Process, is_whole},
    stores::Backend,
    stripe,
    wait::until,
};
use tokio::process::Command;

/// How many projects are told the demo's history, one after the other, before, while and after the backup is taken.
const PROJECTS: u64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_under_load_is_whole_and_what_came_after_it_can_come_again() -> Result<()> {
    let Some(programs) = programs()? else { return Ok(()) };
    deployment::on(Backend::RabbitMq, async |deployment| {
        let (api, api_process) = Process::api(deployment).await?;
        let worker = Process::worker(deployment)?;
        let directory = tempfile::tempdir()?;
        let dump = directory.path().join("tributary.dump");
        let posting = try_join_all((0..PROJECTS).map(|seed| post(deployment, api, seed)));
        let dumping = async {
            until("some of it is settled", async || {
                ensure!(events(&deployment.database_url).await? > 0, "nothing is");
                Ok(())
            })
            .await?;
            let file = [OsStr::new("--file"), dump.as_os_str(), OsStr::new(&deployment.database_url)];
            run(&programs.join("pg_dump"), &[&[OsStr::new("--format=custom")], &file[..]].concat()).await
        };
        let (projects, ()) = tokio::try_join!(posting, dumping)?;
        let each = history::events();
        for entered in &projects {
            deployment.settled(entered.realm, each.len()).await?;
        }

        let restored = Restored::create(deployment).await?;
        let outcome = async {
            let database = format!("--dbname={}", restored.url);
            let arguments = ["--exit-on-error", "--no-owner", "--no-privileges", &database].map(OsStr::new);
            run(&programs.join("pg_restore"), &[&arguments[..], &[dump.as_os_str()]].concat()).await?;
            let (there, all) = (events(&restored.url).await?, events(&deployment.database_url).await?);
            ensure!(0 < there && there < all, "it was not taken under load: it has {there} of {all} events");
            is_whole(deployment, &restored.url).await?;
            told_again(deployment, &restored.url, &projects).await?;
            is_whole(deployment, &restored.url).await
        }
        .await;
        restored.drop().await?;
        outcome?;
        for Entered { realm, .. } in projects {
            assert_eq!(ledger::earned(&deployment.pool, realm).await?, ledger::of_the_demo());
        }
        ensure!(worker.stop().await?.success(), "the worker did not end well");
        ensure!(api_process.stop().await?.success(), "the API did not end well");
        Ok(())
    })
    .await
}

/// Stripe sends all of it again: what is there changes nothing, and what came after the backup is settled.
async fn told_again(deployment: &Deployment, url: &str, projects: &[Entered]) -> Result<()> {
    let pool = store::pool(url, "test", 2)?;
    let known: Vec<i64> = sqlx::query_scalar("SELECT id FROM projects").fetch_all(&pool).await?;
    let on = |program: &str| {
        let launch = Launch::of(program, deployment)?;
        Ok::<_, anyhow::Error>(launch.env("DATABASE_URL", url).env("AMQP_URL", ""))
    };
    let ((api, api_process), worker) =
        (on("tributary-api")?.serve().await?, on("tributary-worker")?.start()?);
    let known: Vec<&Entered> =
        projects.iter().filter(|entered| known.contains(&entered.realm.project.0)).collect();
    for (seed, entered) in (0..).zip(&known) {
        stripe::post_history(api, entered, seed).await?;
    }
    let all = i64::try_from(known.len() * history::events().len())?;
    until("all of it is settled there", async || {
        let settled = events(url).await?;
        ensure!(settled == all, "{settled} of {all} are");
        Ok(())
    })
    .await?;
    for Entered { realm, .. } in known {
        assert_eq!(ledger::earned(&pool, *realm).await?, ledger::of_the_demo());
    }
    ensure!(worker.stop().await?.success(), "the worker did not end well");
    ensure!(api_process.stop().await?.success(), "the API did not end well");
    pool.close().await;
    Ok(())
}

async fn post(deployment: &Deployment, api: SocketAddr, seed: u64) -> Result<Entered> {
    let entered = deployment.programme().await?;
    stripe::post_history(api, &entered, seed).await?;
    Ok(entered)
}

async fn events(url: &str) -> Result<i64> {
    let mut connection = PgConnection::connect(url).await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(count)
}

/// An empty database beside a deployment's.
struct Restored<'a> {
    deployment: &'a Deployment,
    name: String,
    url: String,
}

impl<'a> Restored<'a> {
    async fn create(deployment: &'a Deployment) -> Result<Self> {
        let of = deployment.prefix.replace('-', "_");
        let name = format!("{of}_restored");
        let url = deployment.database_url.replace(&of, &name);
        ensure!(url != deployment.database_url, "{url} does not name its database");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&deployment.pool).await?;
        Ok(Self { deployment, name, url })
    }

    async fn drop(self) -> Result<()> {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&self.deployment.pool).await?;
        Ok(())
    }
}

/// Where PostgreSQL's programs are; `None` where only a container has them, which may be.
fn programs() -> Result<Option<PathBuf>> {
    let found = env::var_os("PG_BIN").map(PathBuf::from).filter(|place| place.join("pg_dump").is_file());
    let required = env::var_os("SDK_TOOLS_REQUIRED").is_some();
    ensure!(found.is_some() || !required, "PG_BIN has no pg_dump: run ./dev test");
    Ok(found)
}

async fn run(program: &Path, arguments: &[&OsStr]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().await;
    let output = output.with_context(|| program.display().to_string())?;
    ensure!(output.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    Ok(())
}
