//! `tributary key list`

use crate::{
    context::{self, Context},
    output,
};
use clap::Args;
use domain::ids::{Mode, ProjectId};
use serde::Serialize;
use std::fmt;
use store::{
    api_keys::{ErrorForm, KeyRole},
    keys::{self, ApiKey},
};

/// Options of `key list`.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<KeyItem>);

/// A key as it is listed.
#[derive(Serialize)]
pub(crate) struct KeyItem {
    id: i64,
    mode: Mode,
    name: String,
    prefix: String,
    role: &'static str,
    errors: &'static str,
    created_at: String,
    revoked_at: Option<String>,
}

impl From<ApiKey> for KeyItem {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            mode: key.realm.mode,
            name: key.name,
            prefix: key.prefix,
            role: key.role.as_str(),
            errors: key.errors.as_str(),
            created_at: output::time(key.created_at),
            revoked_at: key.revoked_at.map(output::time),
        }
    }
}

/// Lists all, also revoked ones.
pub(super) async fn run(args: &ListArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let project = context::project(&mut connection, ProjectId(args.project)).await?;
    let keys = keys::list(&mut connection, project.id).await?;
    context.print(&Listed(keys.into_iter().map(KeyItem::from).collect()))
}

impl fmt::Display for KeyItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}…, {} mode", self.id, self.prefix, self.mode)?;
        if !self.name.is_empty() {
            write!(f, ", {:?}", self.name)?;
        }
        if self.role != KeyRole::Full.as_str() {
            write!(f, ", may {}", self.role)?;
        }
        if self.errors != ErrorForm::Object.as_str() {
            write!(f, ", errors as {}", self.errors)?;
        }
        write!(f, ", created {}", self.created_at)?;
        match &self.revoked_at {
            Some(at) => write!(f, ", revoked {at}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = output::table(["id", "key", "mode", "name", "role", "errors", "created", "revoked"]);
        for key in &self.0 {
            table.add_row([
                &key.id.to_string(),
                &format!("{}…", key.prefix),
                &key.mode.to_string(),
                &key.name,
                key.role,
                key.errors,
                &key.created_at,
                key.revoked_at.as_deref().unwrap_or(""),
            ]);
        }
        table.fmt(f)
    }
}
