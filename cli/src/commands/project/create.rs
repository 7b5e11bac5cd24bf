//! `tributary project create`

use super::rule_options::{RuleArgs, in_words};
use crate::context::Context;
use app::projects::{self, Created, NewProject};
use clap::Args;
use domain::{
    ids::Mode,
    rules::{Commission, Rules},
};
use serde::Serialize;
use std::fmt;
use store::landing_url::LandingUrl;

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
      --stripe-webhook-secret whsec_0a1b2c3d4e5f
  tributary project create --name Acme --rules rules.toml";

/// A new project, and how to go on from it.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    created: Created,
    #[serde(skip)]
    rules: Rules,
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    has_secret: bool,
    #[serde(skip)]
    landing_url: Option<LandingUrl>,
}

/// Creates one and prints how to use it.
pub(super) async fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let rules = args.rules.first(args.commission)?;
    let new = NewProject {
        name: &args.name,
        rules: &rules,
        mode: args.mode,
        webhook_secret: args.stripe_webhook_secret.as_deref(),
        landing_url: args.landing_url.as_ref(),
    };
    let created = projects::create(&mut transaction, new).await?;
    transaction.commit().await?;
    context.print(&Answer {
        created,
        rules,
        name: args.name.clone(),
        has_secret: args.stripe_webhook_secret.is_some(),
        landing_url: args.landing_url.clone(),
    })
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
    let text = text.trim();
    let Some(secret) = text.strip_prefix("whsec_").filter(|secret| !secret.is_empty()) else {
        return Err("a signing secret begins with whsec_; Stripe shows it beside the webhook endpoint");
    };
    // As in an example, with what stands there for the rest.
    if !secret.chars().all(|char| char.is_ascii_alphanumeric() || "_-+/=".contains(char)) {
        return Err(
            "a signing secret has letters and digits behind whsec_; Stripe shows all of it beside the webhook endpoint",
        );
    }
    Ok(text.to_owned())
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created: Created { project_id, mode, api_key, webhook_path }, name, .. } = self;
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

#[cfg(test)]
mod tests {
    use super::webhook_secret;

    #[test]
    fn what_stands_in_an_example_is_no_secret() {
        assert_eq!(
            webhook_secret(" whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH\n").unwrap(),
            "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"
        );
        for none in ["", "sk_test_1", "whsec_", "whsec_…", "whsec_...", "whsec_abc def"] {
            assert!(webhook_secret(none).is_err(), "{none}");
        }
    }
}
