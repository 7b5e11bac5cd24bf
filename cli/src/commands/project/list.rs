//! `tributary project list`

use crate::{context::Context, output};
use app::projects::webhook_path;
use domain::ids::ProjectId;
use serde::Serialize;
use std::fmt;
use store::projects;

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<Item>);

#[derive(Serialize)]
struct Item {
    project_id: ProjectId,
    name: String,
    webhook_path: String,
    landing_url: Option<String>,
    created_at: String,
}

/// Lists all, the oldest first.
pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let items = projects::list(&mut connection).await?.into_iter().map(|project| Item {
        project_id: project.id,
        webhook_path: webhook_path(project.id),
        landing_url: project.landing_url.map(|url| url.to_string()),
        created_at: output::time(project.created_at),
        name: project.name,
    });
    context.print(&Listed(items.collect()))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There is no project yet: tributary project create --help");
        }
        let mut table = output::table(["id", "name", "webhook path", "links lead to", "created"]);
        for item in &self.0 {
            table.add_row([
                &item.project_id.to_string(),
                &item.name,
                &item.webhook_path,
                item.landing_url.as_deref().unwrap_or(""),
                &item.created_at,
            ]);
        }
        table.fmt(f)
    }
}
