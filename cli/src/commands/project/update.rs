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
};
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::{
    ids::{Mode, ProjectId, Realm},
    landing_url::LandingUrl,
    mappings::Mappings,
    rules::Commission,
};
use queue::{
    Prefix, enqueue,
    envelope::{Envelope, Source},
};
use store::{PgConnection, StoreError, keys, program_rules, projects, settlement};

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
    /// The mode of that secret
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// A secret that is no longer valid, by the number that `project show` gives it
    #[arg(long, value_name = "N")]
    revoke_webhook_secret: Option<i64>,
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
  tributary project update 1 --mode live --stripe-webhook-secret whsec_…
  tributary project update 1 --commission 25% --from 2026-01-01T00:00:00Z
  tributary project update 1 --rules rules.toml";

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
    if let Some(name) = &args.name {
        projects::rename(connection, id, name).await?;
    }
    if args.landing_url.is_some() || args.no_landing_url {
        projects::set_landing_url(connection, id, args.landing_url.as_ref()).await?;
    }
    if let Some(secret) = &args.stripe_webhook_secret {
        let realm = Realm { project: id, mode: args.mode };
        match keys::add_webhook_secret(connection, realm, secret).await {
            Err(StoreError::Constraint { constraint, .. }) if constraint == "stripe_endpoints_secret_key" => {
                bail!("project {id} has that secret already, or had it before it was revoked")
            }
            added => {
                added?;
            }
        }
    }
    if let Some(secret) = args.revoke_webhook_secret {
        let revoked = keys::revoke_webhook_secret(connection, id, secret).await?;
        ensure!(revoked, "project {id} has no valid webhook secret {secret}");
    }
    change_rules(connection, id, args).await
}

async fn change_rules(
    connection: &mut PgConnection,
    id: ProjectId,
    args: &UpdateArgs,
) -> anyhow::Result<Vec<i64>> {
    let versions = program_rules::list(connection, id).await?;
    let latest = versions.last().with_context(|| format!("project {id} has no rules"))?;
    let rules = args.rules.change(args.commission, &latest.version.rules)?;
    if rules == latest.version.rules {
        ensure!(args.from.is_none(), "--from is for new rules: say what changes");
        return Ok(Vec::new());
    }
    let from = args.from.unwrap_or_else(Utc::now);
    let begins_before = latest.version.valid_from.is_some_and(|latest| from <= latest);
    ensure!(!begins_before, "new rules hold from a later time on than version {}", latest.number);
    program_rules::add(connection, id, &rules, Some(from)).await?;
    judge_again(connection, id, from, &args.queue_prefix).await
}

/// Asks the workers to judge again what happened since, in both modes: payments that the new version
/// covers may be there already.
async fn judge_again(
    connection: &mut PgConnection,
    project: ProjectId,
    since: DateTime<Utc>,
    queue: &Prefix,
) -> anyhow::Result<Vec<i64>> {
    let mappings = Mappings { rules_since: Some(since), ..Mappings::default() };
    let body = serde_json::to_vec(&mappings)?;
    let mut messages = Vec::new();
    for mode in [Mode::Test, Mode::Live] {
        let realm = Realm { project, mode };
        let concerned = settlement::has_history(connection, realm).await?;
        let envelope = Envelope::new(Source::Resettle, realm, body.clone().into(), Utc::now());
        let message = enqueue(connection, queue, &envelope).await?;
        // Where nothing has happened yet, nobody need wait for it.
        messages.extend(concerned.then_some(message));
    }
    Ok(messages)
}
