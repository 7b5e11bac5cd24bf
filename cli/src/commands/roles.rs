//! `tributary roles`

mod grants;

use crate::context::Context;
use clap::{Args, builder::ValueParser};
use grants::{GRANTS, Rights};
use serde::Serialize;
use std::fmt;

/// Options of `roles`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RolesArgs {
    /// The role that the api connects as
    #[arg(long, value_name = "ROLE", default_value = "tributary_api", value_parser = ValueParser::new(role))]
    api: String,
    /// The role that workers connect as
    #[arg(long, value_name = "ROLE", default_value = "tributary_worker", value_parser = ValueParser::new(role))]
    worker: String,
    /// A role for dashboards and reports: it reads, and no secret is among what it may read
    #[arg(long, value_name = "ROLE", default_value = "tributary_reader", value_parser = ValueParser::new(role))]
    reader: String,
}

const EXAMPLES: &str = "\
Prints SQL and touches nothing. Run it as a superuser, or as the owner of the tables where that one may create roles;
it may be run again, after each `tributary migrate`. Neither service may change or delete a ledger entry or a payout,
workers cannot read API keys and signing secrets of webhooks, the api cannot settle.

Examples:
  tributary roles | psql \"$DATABASE_URL\"
  psql \"$DATABASE_URL\" -c \"ALTER ROLE tributary_api PASSWORD '…'\"
  tributary roles --reader grafana | psql \"$DATABASE_URL\"";

/// A name that needs no quotes in SQL.
fn role(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if begins_well && text.len() <= 63 && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a role is named by up to 63 of a-z, 0-9 and _, and begins with no digit".to_owned())
    }
}

/// What one role may do with one table.
#[derive(Serialize)]
struct Grant<'a> {
    role: &'a str,
    table: &'static str,
    rights: Vec<&'static str>,
}

#[derive(Serialize)]
struct Report<'a> {
    roles: [&'a str; 3],
    grants: Vec<Grant<'a>>,
}

/// Prints them.
pub(super) fn run(args: &RolesArgs, context: &Context) -> anyhow::Result<()> {
    let mut grants = Vec::new();
    for of_table in GRANTS {
        let rights: [(&str, Rights); 3] =
            [(&args.api, of_table.api), (&args.worker, of_table.worker), (&args.reader, of_table.reader)];
        for (role, rights) in rights {
            let rights = rights.words();
            if !rights.is_empty() {
                grants.push(Grant { role, table: of_table.table, rights });
            }
        }
    }
    context.print(&Report { roles: [&args.api, &args.worker, &args.reader], grants })
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "-- The rights of Tributary's services, as `tributary roles` prints them.")?;
        writeln!(f, "BEGIN;")?;
        writeln!(f, "DO $$ BEGIN")?;
        for role in self.roles {
            writeln!(
                f,
                "  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} LOGIN; END IF;"
            )?;
        }
        writeln!(f, "END $$;")?;
        let all = self.roles.join(", ");
        writeln!(f, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {all};")?;
        writeln!(f, "GRANT USAGE ON SCHEMA public TO {all};")?;
        for Grant { role, table, rights } in &self.grants {
            writeln!(f, "GRANT {} ON {table} TO {role};", rights.join(", "))?;
        }
        write!(f, "COMMIT;")
    }
}
