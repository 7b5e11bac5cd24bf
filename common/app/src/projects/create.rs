//! Creating a project.

use crate::Error;
use domain::{
    ids::{Mode, ProjectId, Realm},
    rules::Rules,
};
use serde::Serialize;
use store::{
    PgConnection,
    keys::{self, NewKey, SecretKey},
    landing_url::LandingUrl,
    program_rules, projects,
};

/// What a project is created from.
pub struct NewProject<'a> {
    /// For people.
    pub name: &'a str,
    /// The rules that hold from the beginning.
    pub rules: &'a Rules,
    /// The mode of the key and of the secret.
    pub mode: Mode,
    /// `whsec_…`
    pub webhook_secret: Option<&'a str>,
    /// Where affiliates' links lead to.
    pub landing_url: Option<&'a LandingUrl>,
}

/// A new project and the key to it.
#[derive(Serialize)]
pub struct Created {
    /// The project.
    pub project_id: ProjectId,
    /// The mode of the key and of the secret.
    pub mode: Mode,
    /// In clear, this once.
    pub api_key: String,
    /// Where Stripe posts to.
    pub webhook_path: String,
}

/// Creates a project with its first rules, key and secret.
///
/// # Errors
/// Those of the database.
pub async fn create(connection: &mut PgConnection, new: NewProject<'_>) -> Result<Created, Error> {
    let project = projects::create(connection, new.name).await?.id;
    let realm = Realm { project, mode: new.mode };
    program_rules::add(connection, project, new.rules, None).await?;
    let key = SecretKey::generate();
    keys::create(connection, realm, NewKey { name: "first", ..NewKey::default() }, &key).await?;
    if let Some(secret) = new.webhook_secret {
        keys::add_webhook_secret(connection, realm, secret).await?;
    }
    if new.landing_url.is_some() {
        projects::set_landing_url(connection, project, new.landing_url).await?;
    }
    Ok(Created {
        project_id: project,
        mode: new.mode,
        api_key: key.expose().to_owned(),
        webhook_path: webhook_path(project),
    })
}

/// Where Stripe posts a project's events to.
#[must_use]
pub fn webhook_path(project: ProjectId) -> String {
    format!("/webhooks/stripe/{project}")
}
