//! `tributary project create`

use super::rule_options::{RuleArgs, in_words};
use crate::context::Context;
use clap::Args;
use common::{
    domain::{
        ids::{Mode, ProjectId, Realm},
        landing_url::LandingUrl,
        rules::{Commission, Rules},
    },
    store::{
        PgConnection, StoreError,
        keys::{self, SecretKey},
        program_rules, projects,
    },
};
use serde::Serialize;
use std::fmt;

/// Options of `project create`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CreateArgs {
    /// What to call it
    #[arg(long, value_name = "N", value_parser = project_name)]
    name: String,
    /// What a payment earns the affiliate: a share such as 20%, or an amount such as 15.00usd
    #[arg(long, value_name = "C", required_unless_present = "rules")]
    commission: Option<Commission>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Whether the key and the secret are for test events or for real money
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// The signing secret of the webhook endpoint at Stripe
    #[arg(long, value_name = "whsec_…", value_parser = webhook_secret)]
    stripe_webhook_secret: Option<String>,
    /// The page that affiliates' links /r/{code} lead to
    #[arg(long, value_name = "URL")]
    landing_url: Option<LandingUrl>,
}

const EXAMPLES: &str = "\
Examples:
  tributary project create --name Acme --commission 20% --recurring 12-months --hold-days 30
  tributary project create --name Acme --commission 15.00usd --recurring first --mode live \\
      --stripe-webhook-secret whsec_…
  tributary project create --name Acme --rules rules.toml";

/// What a project is created from.
pub(crate) struct NewProject<'a> {
    /// For people.
    pub(crate) name: &'a str,
    /// The rules that hold from the beginning.
    pub(crate) rules: Rules,
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
    #[serde(skip)]
    rules: Rules,
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    has_secret: bool,
    #[serde(skip)]
    landing_url: Option<LandingUrl>,
}

/// Creates a project with its first rules, key and secret. The caller commits.
pub(crate) async fn create(
    connection: &mut PgConnection,
    new: NewProject<'_>,
) -> Result<Created, StoreError> {
    let project = projects::create(connection, new.name).await?;
    let realm = Realm { project: project.id, mode: new.mode };
    program_rules::add(connection, project.id, &new.rules, None).await?;
    let key = SecretKey::generate();
    keys::create(connection, realm, "first", &key).await?;
    if let Some(secret) = new.webhook_secret {
        keys::add_webhook_secret(connection, realm, secret).await?;
    }
    if new.landing_url.is_some() {
        projects::set_landing_url(connection, project.id, new.landing_url).await?;
    }
    Ok(Created {
        project_id: project.id,
        mode: new.mode,
        api_key: key.expose().to_owned(),
        webhook_path: webhook_path(project.id),
        rules: new.rules,
        name: project.name,
        has_secret: new.webhook_secret.is_some(),
        landing_url: new.landing_url.cloned(),
    })
}

/// Creates one and prints how to use it.
pub(super) async fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let new = NewProject {
        name: &args.name,
        rules: args.rules.first(args.commission)?,
        mode: args.mode,
        webhook_secret: args.stripe_webhook_secret.as_deref(),
        landing_url: args.landing_url.as_ref(),
    };
    let created = create(&mut transaction, new).await?;
    transaction.commit().await?;
    context.print(&created)
}

/// Where Stripe posts a project's events to.
pub(super) fn webhook_path(project: ProjectId) -> String {
    format!("/webhooks/stripe/{project}")
}

/// Reads a name.
pub(super) fn project_name(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a project has a name that can be read"),
        name => Ok(name.to_owned()),
    }
}

/// Reads a signing secret.
pub(super) fn webhook_secret(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        secret if secret.len() > "whsec_".len() && secret.starts_with("whsec_") => Ok(secret.to_owned()),
        _ => Err("a signing secret begins with whsec_; Stripe shows it beside the webhook endpoint"),
    }
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, mode, api_key, webhook_path, name, .. } = self;
        writeln!(f, "Project {project_id}, {name:?}, in {mode} mode\n")?;
        writeln!(f, "  API key       {api_key}")?;
        writeln!(f, "                (shown this once: keep it safe)")?;
        writeln!(f, "  Webhook path  {webhook_path}")?;
        writeln!(f, "  Commission    {}", in_words(&self.rules))?;
        if let Some(url) = &self.landing_url {
            writeln!(f, "  Links         /r/{{code}}?project={project_id} leads to {url}")?;
        }
        if !self.has_secret {
            writeln!(f, "\nNext, add an endpoint with that path at Stripe and give its signing secret:")?;
            write!(
                f,
                "  tributary project update {project_id} --mode {mode} --stripe-webhook-secret whsec_…"
            )?;
        }
        Ok(())
    }
}
