//! Creating a project: for the command of that name, the demo and the benchmark.

use domain::{
    ids::{Mode, ProjectId, Realm},
    landing_url::LandingUrl,
    rules::Rules,
};
use serde::Serialize;
use store::{
    PgConnection, StoreError,
    api_keys::ErrorForm,
    keys::{self, SecretKey},
    program_rules, projects,
};

/// What a project is created from.
pub(crate) struct NewProject<'a> {
    /// For people.
    pub(crate) name: &'a str,
    /// The rules that hold from the beginning.
    pub(crate) rules: &'a Rules,
    /// The mode of the key and of the secret.
    pub(crate) mode: Mode,
    /// `whsec_…`
    pub(crate) webhook_secret: Option<&'a str>,
    /// Where affiliates' links lead to.
    pub(crate) landing_url: Option<&'a LandingUrl>,
}

/// A new project and the key to it.
#[derive(Serialize)]
pub(crate) struct Created {
    /// The project.
    pub(crate) project_id: ProjectId,
    /// The mode of the key and of the secret.
    pub(crate) mode: Mode,
    /// In clear, this once.
    pub(crate) api_key: String,
    /// Where Stripe posts to.
    pub(crate) webhook_path: String,
}

/// Creates a project with its first rules, key and secret. The caller commits.
pub(crate) async fn create(
    connection: &mut PgConnection,
    new: NewProject<'_>,
) -> Result<Created, StoreError> {
    let project = projects::create(connection, new.name).await?.id;
    let realm = Realm { project, mode: new.mode };
    program_rules::add(connection, project, new.rules, None).await?;
    let key = SecretKey::generate();
    keys::create(connection, realm, "first", ErrorForm::Object, &key).await?;
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
pub(crate) fn webhook_path(project: ProjectId) -> String {
    format!("/webhooks/stripe/{project}")
}
