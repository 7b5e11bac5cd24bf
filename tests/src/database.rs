//! A database for each deployment.

use anyhow::{Result, ensure};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use std::str::FromStr;

/// A database of its own, on a server.
pub(crate) struct Database {
    name: String,
    server: String,
}

impl Database {
    pub(crate) async fn create(server: &str, name: &str) -> Result<Self> {
        let database = Self { name: name.replace('-', "_"), server: server.to_owned() };
        database.admin(format!("CREATE DATABASE {}", database.name)).await?;
        Ok(database)
    }

    pub(crate) async fn remove(&self) -> Result<()> {
        self.admin(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await
    }

    /// The server's address with this database's name.
    pub(crate) fn url(&self) -> Result<String> {
        let (address, rest) = self.server.split_at(authority_end(&self.server));
        let query = rest.find('?').and_then(|at| rest.get(at..)).unwrap_or_default();
        let url = format!("{address}/{}{query}", self.name);
        ensure!(PgConnectOptions::from_str(&url)?.get_database() == Some(&self.name), "{url}");
        Ok(url)
    }

    async fn admin(&self, statement: String) -> Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        Ok(())
    }
}

fn authority_end(url: &str) -> usize {
    let start = url.find("://").map_or(0, |at| at.saturating_add(3));
    let path = url.get(start..).and_then(|rest| rest.find(['/', '?']));
    path.map_or(url.len(), |at| start.saturating_add(at))
}

/// One number from a deployment's database.
pub(crate) async fn count(connection: &mut PgConnection, query: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(query).fetch_one(connection).await?)
}
