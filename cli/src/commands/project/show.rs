//! `tributary project show`

use super::{ProjectArgs, rule_options::in_words};
use crate::{
    commands::key::list::KeyItem,
    context::{self, Context},
    output,
};
use app::{projects::webhook_path, rules::WrittenRules};
use domain::{
    ids::{Mode, ProjectId},
    provider::Provider,
};
use serde::Serialize;
use std::fmt;
use store::{
    PgConnection, keys, program_rules,
    provider_keys::{self, ProviderKey},
};

#[derive(Serialize)]
pub(super) struct Shown {
    project_id: ProjectId,
    name: String,
    created_at: String,
    webhook_path: String,
    landing_url: Option<String>,
    rules: Vec<RulesItem>,
    api_keys: Vec<KeyItem>,
    webhook_secrets: Vec<SecretItem>,
    provider_keys: Vec<ProviderKeyItem>,
}

#[derive(Serialize)]
struct RulesItem {
    version: i32,
    /// `null` is always.
    valid_from: Option<String>,
    /// As a rules file.
    rules: WrittenRules,
    #[serde(skip)]
    in_words: String,
}

#[derive(Serialize)]
struct SecretItem {
    id: i64,
    mode: Mode,
    created_at: String,
    revoked_at: Option<String>,
}

/// A key at a provider, without the key.
#[derive(Serialize)]
struct ProviderKeyItem {
    provider: Provider,
    mode: Mode,
    sealed: bool,
    created_at: String,
}

/// Shows one.
pub(super) async fn run(args: &ProjectArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    context.print(&read(&mut connection, args.id()).await?)
}

/// Reads all that is shown of a project.
pub(super) async fn read(connection: &mut PgConnection, id: ProjectId) -> anyhow::Result<Shown> {
    let project = context::project(connection, id).await?;
    let rules = program_rules::list(connection, id).await?.into_iter().map(|numbered| RulesItem {
        version: numbered.number,
        valid_from: numbered.version.valid_from.map(output::time),
        rules: WrittenRules::from(&numbered.version.rules),
        in_words: in_words(&numbered.version.rules),
    });
    let secrets = keys::list_webhook_secrets(connection, id).await?.into_iter().map(|secret| SecretItem {
        id: secret.id,
        mode: secret.mode,
        created_at: output::time(secret.created_at),
        revoked_at: secret.revoked_at.map(output::time),
    });
    Ok(Shown {
        project_id: id,
        webhook_path: webhook_path(id),
        landing_url: project.landing_url.map(|url| url.to_string()),
        created_at: output::time(project.created_at),
        name: project.name,
        rules: rules.collect(),
        api_keys: keys::list(connection, id).await?.into_iter().map(KeyItem::from).collect(),
        webhook_secrets: secrets.collect(),
        provider_keys: provider_keys::list(connection, Some(id))
            .await?
            .into_iter()
            .map(ProviderKeyItem::from)
            .collect(),
    })
}

impl From<ProviderKey> for ProviderKeyItem {
    fn from(key: ProviderKey) -> Self {
        let ProviderKey { realm, provider, secret, created_at } = key;
        Self {
            provider,
            mode: realm.mode,
            sealed: secret.starts_with("sealed:"),
            created_at: output::time(created_at),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, name, created_at, webhook_path, .. } = self;
        writeln!(f, "Project {project_id}, {name:?}, created {created_at}\n")?;
        writeln!(f, "  Webhook path  {webhook_path}")?;
        match &self.landing_url {
            Some(url) => writeln!(f, "  Links         /r/{{code}}?project={project_id} leads to {url}")?,
            None => writeln!(f, "  Links         none: give a --landing-url")?,
        }
        writeln!(f, "\n  Rules")?;
        for RulesItem { version, valid_from, in_words, .. } in &self.rules {
            let from = valid_from.as_deref().unwrap_or("the beginning");
            writeln!(f, "    {version}, from {from}: {in_words}")?;
        }
        writeln!(f, "\n  API keys")?;
        for key in &self.api_keys {
            writeln!(f, "    {key}")?;
        }
        writeln!(f, "\n  Webhook secrets")?;
        for secret in &self.webhook_secrets {
            write!(f, "    {}, {} mode, added {}", secret.id, secret.mode, secret.created_at)?;
            match &secret.revoked_at {
                Some(at) => writeln!(f, ", revoked {at}")?,
                None => writeln!(f)?,
            }
        }
        if self.webhook_secrets.is_empty() {
            writeln!(f, "    none: no webhook is accepted before there is one")?;
        }
        for key in &self.provider_keys {
            let kept = if key.sealed { "sealed" } else { "kept as it is" };
            writeln!(f, "  Key at {} in {} mode, {kept}, added {}", key.provider, key.mode, key.created_at)?;
        }
        Ok(())
    }
}
