//! `tributary user create`

use super::ACTOR;
use crate::context::Context;
use anyhow::{Context as _, ensure};
use app::users::{self, NewUser};
use chrono::Utc;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde::Serialize;
use std::{
    fmt,
    io::{self, BufRead, IsTerminal},
};
use store::users::UserRole;

/// Options of `user create`. A password is no option: others on the machine can read those.
#[derive(Args)]
pub(crate) struct CreateArgs {
    /// By which they sign in and what they do is recorded: an address of e-mail, for example
    #[arg(long, value_name = "N")]
    name: String,
    /// What they may do: see (`viewer`); see, and keep events flowing (`developer`); see, pay and decide (`finance`);
    /// everything, the rules included (`operator`)
    #[arg(long, value_parser = role())]
    role: UserRole,
    /// Read the password from standard input, to the end of its first line, and ask nobody
    #[arg(long, conflicts_with = "no_password")]
    password_stdin: bool,
    /// Without a password: only a proxy signs them in
    #[arg(long)]
    no_password: bool,
}

fn role() -> impl TypedValueParser<Value = UserRole> {
    let words = PossibleValuesParser::new(UserRole::ALL.map(UserRole::as_str));
    words.try_map(|word| UserRole::parse(&word).ok_or("no such role"))
}

#[derive(Serialize)]
struct Created {
    id: i64,
    name: String,
    role: &'static str,
}

/// Enters somebody.
pub(super) async fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let password = password(args)?;
    let new = NewUser { name: &args.name, role: args.role, password: password.as_deref() };
    let mut transaction = pool.begin().await?;
    let user = users::create(&mut transaction, new, ACTOR, Utc::now()).await?;
    transaction.commit().await?;
    context.print(&Created { id: user.id.0, name: user.name, role: user.role.as_str() })
}

fn password(args: &CreateArgs) -> anyhow::Result<Option<String>> {
    if args.no_password {
        return Ok(None);
    }
    if args.password_stdin || !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        ensure!(
            !password.is_empty(),
            "standard input has no password; --no-password is for whom a proxy signs in"
        );
        return Ok(Some(password));
    }
    let terminal = console::Term::stderr();
    let ask = |prompt: &str| -> anyhow::Result<String> {
        terminal.write_str(prompt)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask("Password: ")?;
    ensure!(password == ask("Once more: ")?, "the two are not the same: nobody was entered");
    Ok(Some(password))
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, role, .. } = self;
        write!(f, "{name} may sign in to the console, as {role}.")
    }
}
