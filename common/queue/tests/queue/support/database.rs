//! A database for each test.

use anyhow::{Context, Result};
use queue::Prefix;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

/// A migrated database of its own.
pub(crate) struct Database {
    name: String,
    server: PgConnectOptions,
}

impl Database {
    pub(super) async fn create(prefix: &Prefix) -> Result<Self> {
        let server: PgConnectOptions = std::env::var("DATABASE_URL")
            .context("DATABASE_URL is not set: run ./dev test, which starts a PostgreSQL")?
            .parse()?;
        let database = Self { name: prefix.as_str().replace('-', "_"), server };
        database.admin(format!("CREATE DATABASE {}", database.name)).await?;
        let mut connection = database.connect().await?;
        sqlx::migrate!("../../migrations").run(&mut connection).await?;
        Ok(database)
    }

    pub(super) async fn remove(&self) -> Result<()> {
        self.admin(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.options()).await?)
    }

    /// Refuses every connection, as a server that is down does.
    pub(crate) async fn stop(&self) -> Result<()> {
        self.admin(format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name)).await?;
        self.cut().await
    }

    /// Ends every connection, as a restart does.
    pub(crate) async fn cut(&self) -> Result<()> {
        let name = &self.name;
        let others =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        self.admin(others).await
    }

    pub(crate) async fn start(&self) -> Result<()> {
        self.admin(format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name)).await
    }

    pub(crate) async fn count(&self, query: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(query).fetch_one(&mut self.connect().await?).await?)
    }

    pub(super) async fn inject(&self, prefix: &Prefix, body: &[u8]) -> Result<()> {
        sqlx::query("INSERT INTO queue_messages (queue, headers, body) VALUES ($1, '{\"foreign\": 1}', $2)")
            .bind(prefix.as_str())
            .bind(body)
            .execute(&mut self.connect().await?)
            .await?;
        Ok(())
    }

    async fn admin(&self, statement: String) -> Result<()> {
        let mut connection = PgConnection::connect_with(&self.server).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        Ok(())
    }
}
