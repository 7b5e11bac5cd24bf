//! `tributary project update`

use super::{
    ProjectArgs,
    create::{project_name, webhook_secret},
    rule_options::RuleArgs,
    show,
};
use crate::{
    commands::effect,
    context::{self, Context},
    output,
};
use anyhow::Context as _;
use app::{
    Outbox,
    projects::{self, Landing, Update},
    provider_keys, rules,
};
use chrono::{DateTime, Utc};
use clap::Args;
use common::config::SecretsArgs;
use domain::{
    ids::{Mode, ProjectId, Realm},
    provider::Provider,
    rules::Commission,
};
use queue::Prefix;
use std::{
    fs,
    io::{self, BufRead as _},
    path::{Path, PathBuf},
};
use store::{PgConnection, keys, landing_url::LandingUrl};

/// Options of `project update`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Another name
    #[arg(long, value_name = "N", value_parser = project_name)]
    name: Option<String>,
    /// The page that affiliates' links /r/{code} lead to
    #[arg(long, value_name = "URL", conflicts_with = "no_landing_url")]
    landing_url: Option<LandingUrl>,
    /// Affiliates' links lead nowhere any more
    #[arg(long)]
    no_landing_url: bool,
    /// A further signing secret; those there are stay valid until they are revoked
    #[arg(long, value_name = "whsec_…", value_parser = webhook_secret)]
    stripe_webhook_secret: Option<String>,
    /// The mode of that secret, or of the key [default: the one that the project has API keys of; test where it has both]
    #[arg(long, value_parser = crate::mode::parser())]
    mode: Option<Mode>,
    /// A secret that is no longer valid, by the number that `project show` gives it
    #[arg(long, value_name = "N")]
    revoke_webhook_secret: Option<i64>,
    /// A Stripe API key that reads what events lack, from a file, or from standard input where it is -; kept for the
    /// mode that --mode says, in place of the one before
    #[arg(long, value_name = "FILE|-", value_parser = key_file, conflicts_with = "no_stripe_api_key")]
    stripe_api_key: Option<PathBuf>,
    /// Nothing is asked any more in the mode that --mode says
    #[arg(long)]
    no_stripe_api_key: bool,
    #[command(flatten)]
    secrets: SecretsArgs,
    /// What a payment earns, in a new version of the rules
    #[arg(long, value_name = "C")]
    commission: Option<Commission>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Payments from this time on are judged by the new version, e.g. 2026-01-01T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// The deployment whose workers judge payments again, when several share a database
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value_t)]
    queue_prefix: Prefix,
}

const EXAMPLES: &str = "\
Examples:
  tributary project update 1 --mode live --stripe-webhook-secret whsec_0a1b2c3d4e5f
  tributary project update 1 --commission 25% --from 2026-01-01T00:00:00Z
  tributary project update 1 --rules rules.toml
  tributary project update 1 --mode live --stripe-api-key /run/secrets/stripe";

/// Changes what was said, all of it or nothing.
pub(super) async fn run(args: &UpdateArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut transaction = pool.begin().await?;
    let id = args.project.id();
    context::project(&mut transaction, id).await?;
    let messages = change(&mut transaction, id, args).await?;
    let shown = show::read(&mut transaction, id).await?;
    transaction.commit().await?;
    effect::wait(&pool, &args.queue_prefix, &messages, effect::PATIENCE)
        .await
        .context("the rules hold from now on, but what they concern has yet to be judged again")?;
    context.print(&shown)
}

/// Tells the messages to the workers that it made.
async fn change(connection: &mut PgConnection, id: ProjectId, args: &UpdateArgs) -> anyhow::Result<Vec<i64>> {
    let secret = args.stripe_webhook_secret.as_deref();
    let realm = Realm { project: id, mode: mode(connection, id, args.mode).await? };
    let update = Update {
        name: args.name.as_deref(),
        landing: match &args.landing_url {
            Some(url) => Some(Landing::Page(url)),
            None => args.no_landing_url.then_some(Landing::Nowhere),
        },
        add_webhook_secret: secret.map(|secret| (realm, secret)),
        revoke_webhook_secret: args.revoke_webhook_secret,
    };
    projects::update(connection, id, update).await?;
    change_provider_key(connection, realm, args).await?;
    let latest = rules::latest(connection, id).await?;
    let rules = args.rules.change(args.commission, &latest.version.rules)?;
    let outbox = Outbox { queue: &args.queue_prefix, now: Utc::now() };
    let changed = rules::change(connection, outbox, id, &rules, args.from).await?;
    Ok(changed.map(|changed| changed.messages).unwrap_or_default())
}

/// The mode that is meant: what was said, else that of a project that was made for live payments alone.
async fn mode(connection: &mut PgConnection, id: ProjectId, said: Option<Mode>) -> anyhow::Result<Mode> {
    if let Some(mode) = said {
        return Ok(mode);
    }
    let keys = keys::list(connection, id).await?;
    let live_alone = !keys.is_empty() && keys.iter().all(|key| key.realm.mode == Mode::Live);
    Ok(if live_alone { Mode::Live } else { Mode::Test })
}

async fn change_provider_key(
    connection: &mut PgConnection,
    realm: Realm,
    args: &UpdateArgs,
) -> anyhow::Result<()> {
    if args.no_stripe_api_key {
        provider_keys::forget(connection, realm, Provider::Stripe).await?;
    }
    if let Some(path) = &args.stripe_api_key {
        let sealer = provider_keys::sealer(args.secrets.key()?.as_deref());
        let key = read_secret(path)?;
        provider_keys::keep(connection, realm, Provider::Stripe, &key, &sealer).await?;
        if !sealer.has_key() {
            output::remark("The key is kept in clear: set SECRETS_KEY to have it sealed.")?;
        }
    }
    Ok(())
}

/// A file, but not the key itself: whoever lists the processes of the machine would see it.
fn key_file(text: &str) -> Result<PathBuf, &'static str> {
    if ["sk_", "rk_"].iter().any(|prefix| text.trim().starts_with(prefix)) {
        return Err(
            "this is a key, which others on this machine could see: name a file, or - and give it on standard input",
        );
    }
    Ok(PathBuf::from(text))
}

fn read_secret(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
        return Ok(line);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_taken_from_the_command_line() {
        assert!(key_file("sk_live_1").is_err());
        assert!(key_file(" rk_test_1").is_err());
        assert_eq!(key_file("-"), Ok(PathBuf::from("-")));
        assert_eq!(key_file("/run/secrets/stripe"), Ok(PathBuf::from("/run/secrets/stripe")));
    }
}
