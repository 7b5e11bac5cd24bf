//! `tributary migrate`

use crate::context::Context;
use serde::Serialize;
use std::fmt;
use store::{
    self,
    schema::{self, Schema},
};

#[derive(Serialize)]
struct Migrated {
    changed: bool,
}

/// Applies the migrations that the database lacks.
pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let url = context.database_url()?;
    let mut connection = store::connect(&url, "tributary migrate").await?;
    let before = schema::compare(&mut connection).await?;
    store::migrate(&store::pool(&url, "tributary migrate", 1)?).await?;
    context.print(&Migrated { changed: before != Schema::Current })
}

impl fmt::Display for Migrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.changed {
            "The database is up to date now."
        } else {
            "The database was up to date."
        })
    }
}
