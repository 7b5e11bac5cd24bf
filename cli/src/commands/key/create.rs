//! `tributary key create`

use crate::context::{self, Context};
use app::keys;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use domain::ids::{Mode, ProjectId, Realm};
use serde::Serialize;
use std::fmt;
use store::{
    api_keys::{ErrorForm, KeyRole},
    keys::NewKey,
};

/// Options of `key create`.
#[derive(Args)]
pub(crate) struct CreateArgs {
    /// The project that it opens
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The mode that it opens
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// What to call it
    #[arg(long, value_name = "N", default_value = "", hide_default_value = true)]
    name: String,
    /// What it may do: everything, `read` alone, or `finance`: reading, payouts and decisions
    #[arg(long, value_parser = role(), default_value = "full")]
    role: KeyRole,
    /// What `error` is in answers to it: `object`, or `text` for clients that print it as it is, as Refgrow's does
    #[arg(long, value_parser = error_form(), default_value = "object")]
    errors: ErrorForm,
}

fn role() -> impl TypedValueParser<Value = KeyRole> {
    let words = PossibleValuesParser::new(KeyRole::ALL.map(KeyRole::as_str));
    words.try_map(|word| KeyRole::parse(&word).ok_or("no such role"))
}

fn error_form() -> impl TypedValueParser<Value = ErrorForm> {
    let words = PossibleValuesParser::new(ErrorForm::ALL.map(ErrorForm::as_str));
    words.map(|word| ErrorForm::parse(&word).unwrap_or_default())
}

#[derive(Serialize)]
struct Created {
    id: i64,
    project_id: ProjectId,
    mode: Mode,
    name: String,
    role: &'static str,
    errors: &'static str,
    api_key: String,
}

/// Creates one and shows it.
pub(super) async fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<()> {
    let mut transaction = context.database().await?.begin().await?;
    let realm = Realm { project: ProjectId(args.project), mode: args.mode };
    context::project(&mut transaction, realm.project).await?;
    let new = NewKey { name: args.name.trim(), role: args.role, errors: args.errors };
    let (key, secret) = keys::create(&mut transaction, realm, new).await?;
    transaction.commit().await?;
    context.print(&Created {
        id: key.id,
        project_id: realm.project,
        mode: realm.mode,
        name: key.name,
        role: key.role.as_str(),
        errors: key.errors.as_str(),
        api_key: secret.expose().to_owned(),
    })
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, project_id, mode, api_key, .. } = self;
        writeln!(f, "{api_key}\n")?;
        write!(f, "Key {id} of project {project_id} in {mode} mode, shown this once: keep it safe.")
    }
}
