//! What every command has at hand.

use crate::{embedded, global_args::GlobalArgs, output};
use anyhow::{Context as _, bail};
use common::telemetry;
use domain::ids::ProjectId;
use serde::Serialize;
use std::fmt::Display;
use store::{
    self, PgConnection, PgPool,
    projects::{self, Project},
    schema::{self, Schema},
};

/// A command needs few connections.
const CONNECTIONS: u32 = 2;

/// The options of every command, and what they lead to.
pub(crate) struct Context {
    /// The options.
    pub(crate) options: GlobalArgs,
}

impl Context {
    /// Starts logging, too.
    pub(crate) fn new(options: GlobalArgs) -> anyhow::Result<Self> {
        telemetry::init(&options.log).context("--log cannot be read")?;
        Ok(Self { options })
    }

    /// The database that was named, else the private one that runs on the data directory.
    pub(crate) fn database_url(&self) -> anyhow::Result<String> {
        if let Some(url) = self.options.database.url()? {
            return Ok(url.to_owned());
        }
        let data_dir = self.options.data_dir();
        embedded::running_url(&data_dir).with_context(|| {
            format!(
                "no database: DATABASE_URL is not set, and no `tributary up` is running on {} (--data-dir)",
                data_dir.display()
            )
        })
    }

    /// The database, reachable and with the schema that this program knows.
    pub(crate) async fn database(&self) -> anyhow::Result<PgPool> {
        let url = self.database_url()?;
        let mut connection = store::connect(&url, "tributary").await?;
        match schema::compare(&mut connection).await? {
            Schema::Current => {}
            Schema::Behind => bail!("the database has no tables of this version: run `tributary migrate`"),
            Schema::Ahead => bail!("the database was migrated by a newer tributary: use that one"),
        }
        Ok(store::pool(&url, "tributary", CONNECTIONS)?)
    }

    /// Prints a command's answer.
    pub(crate) fn print(&self, report: &(impl Serialize + Display)) -> anyhow::Result<()> {
        output::print(report, self.options.json)
    }
}

/// The project with this id, or a clear refusal.
pub(crate) async fn project(connection: &mut PgConnection, id: ProjectId) -> anyhow::Result<Project> {
    let found = projects::find(connection, id).await?;
    found.with_context(|| format!("there is no project {id}; `tributary project list` shows them"))
}
