//! A database that is there and refuses.

use crate::support::{bounded, ends_well, sale, settle};
use anyhow::{Context, Result, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tests::{
    deployment::{self, Deployment},
    feed::Feed,
    launch::Launch,
    stores::Backend,
    wait::until,
};

/// Events that come while it refuses.
const EVENTS: u64 = 200;

async fn tell(deployment: &Deployment, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&deployment.pool).await?;
    Ok(())
}

/// A log that says so, of which there is one line however long it takes.
async fn said(log: &std::path::Path, words: &str) -> Result<usize> {
    let text = tokio::fs::read_to_string(log).await?;
    Ok(text.lines().filter(|line| line.contains(words)).count())
}

async fn is_waited_for(
    words: &str,
    refuse: impl AsyncFnOnce(&Deployment) -> Result<()>,
    relent: impl AsyncFnOnce(&Deployment) -> Result<()>,
) -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        waits(deployment, &deployment.database_url, words, refuse, relent).await
    })
    .await
}

/// By a worker that enters by `url`.
async fn waits(
    deployment: &Deployment,
    url: &str,
    words: &str,
    refuse: impl AsyncFnOnce(&Deployment) -> Result<()>,
    relent: impl AsyncFnOnce(&Deployment) -> Result<()>,
) -> Result<()> {
    let realm = deployment.programme().await?.realm;
    let feed = Feed::of(deployment).await?;
    let log = tempfile::NamedTempFile::new()?;
    let launch = Launch::of("tributary-worker", deployment)?.env("DATABASE_URL", url);
    let worker = launch.stderr(log.reopen()?).start()?;
    feed.event(realm, sale(0).invoice_paid()).await?;
    settle(&deployment.pool, realm, 1).await?;
    refuse(deployment).await?;
    for number in 1..=EVENTS {
        feed.event(realm, sale(number).invoice_paid()).await?;
    }
    until("the worker says that it is refused", async || {
        ensure!(said(log.path(), words).await? > 0, "it says {}", tokio::fs::read_to_string(&log).await?);
        Ok(())
    })
    .await?;
    relent(deployment).await?;
    let took = settle(&deployment.pool, realm, i64::try_from(EVENTS)? + 1).await?;
    bounded(&format!("{EVENTS} events after it relented ({words})"), took)?;
    ensure!(deployment.dead_letters().await? == 0, "there are dead letters");
    let lines = said(log.path(), "not ready").await?;
    ensure!(lines <= 3, "it says {}", tokio::fs::read_to_string(&log).await?);
    ends_well(deployment, worker).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_missing_is_waited_for() -> Result<()> {
    is_waited_for(
        "not ready: the database refuses",
        async |deployment| tell(deployment, "ALTER TABLE facts RENAME COLUMN rank TO ranks").await,
        async |deployment| tell(deployment, "ALTER TABLE facts RENAME COLUMN ranks TO rank").await,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_older_is_named() -> Result<()> {
    is_waited_for(
        "run `tributary migrate`",
        async |deployment| {
            tell(
                deployment,
                "ALTER TABLE facts RENAME COLUMN rank TO ranks;
                 UPDATE _sqlx_migrations SET version = -version
                 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
            )
            .await
        },
        async |deployment| {
            tell(
                deployment,
                "ALTER TABLE facts RENAME COLUMN ranks TO rank;
                 UPDATE _sqlx_migrations SET version = -version WHERE version < 0",
            )
            .await
        },
    )
    .await
}

/// By somebody who may enter nevertheless: nobody new does, and those who are there are sent away.
async fn doors(deployment: &Deployment, open: bool) -> Result<()> {
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&deployment.pool).await?;
    let server = deployment.database_url.replacen(&format!("/{name}"), "/postgres", 1);
    let mut connection = PgConnection::connect(&server).await.context("the server's own database")?;
    let sql = format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS {open};
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE NOT {open} AND datname = '{name}' AND application_name LIKE 'tributary%'"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_connections_is_waited_for() -> Result<()> {
    is_waited_for(
        "not currently accepting connections",
        async |deployment| doors(deployment, false).await,
        async |deployment| doors(deployment, true).await,
    )
    .await
}

/// Nobody new enters with the old password, and those who are there are sent away.
async fn rotate(deployment: &Deployment, role: &str, password: &str) -> Result<()> {
    let sql = format!(
        "ALTER ROLE {role} PASSWORD '{password}';
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    );
    tell(deployment, &sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_is_waited_for() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let role = deployment.prefix.replace('-', "_");
        let owner: String = sqlx::query_scalar("SELECT current_user").fetch_one(&deployment.pool).await?;
        tell(deployment, &format!("CREATE ROLE {role} LOGIN PASSWORD 'one' IN ROLE {owner}")).await?;
        let (_, place) = deployment.database_url.rsplit_once('@').context("a user")?;
        let url = format!("postgres://{role}:one@{place}");
        let waited = waits(
            deployment,
            &url,
            "password authentication failed",
            async |deployment| rotate(deployment, &role, "other").await,
            async |deployment| rotate(deployment, &role, "one").await,
        );
        let waited = waited.await;
        tell(deployment, &format!("DROP ROLE {role}")).await?;
        waited
    })
    .await
}
