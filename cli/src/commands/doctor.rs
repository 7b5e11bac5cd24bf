//! `tributary doctor`

use crate::{context::Context, output, stripe_args::StripeAccess};
use anyhow::bail;
use app::{
    backfill::calls_per_second,
    doctor::{self, Finding, Health, KeyState},
};
use chrono::{TimeDelta, Utc};
use clap::Args;
use domain::ids::{Mode, ProjectId, Realm};
use serde::Serialize;
use std::fmt;
use store::{
    PgConnection, doctor as figures, program_rules, projects,
    schema::{self, Schema},
};
use stripe::{
    client::{FetchError, Lists, Span},
    history::List,
};

/// Options of `doctor`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    #[command(flatten)]
    stripe: StripeAccess,
}

const EXAMPLES: &str = "\
Looks at the database, its clock and tables, the queue, and of each project and mode at its webhook secrets, its Stripe key and
what that may read, which events come and which that matter do not, codes that nobody has, and what waits. Modes of which
there is neither a secret nor a key are passed over. Exits with 1 when something does not work at all.

Examples:
  tributary doctor
  tributary doctor --project 1 --json";

#[derive(Serialize)]
#[serde(transparent)]
struct Report(Vec<Finding>);

/// Looks, and fails when something does not work at all.
pub(super) async fn run(args: &DoctorArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = store::connect(&context.database_url()?, "tributary").await?;
    let schema = schema::compare(&mut connection).await?;
    let mut found = vec![doctor::schema(schema)];
    let database = figures::clock(&mut connection).await?;
    found.push(doctor::clocks(Utc::now(), database));
    if schema == Schema::Current {
        found.push(doctor::queue(figures::oldest_due(&mut connection).await?));
        for project in projects::list(&mut connection).await? {
            if args.project.is_none_or(|only| project.id == ProjectId(only)) {
                found.extend(examine(args, &mut connection, project.id).await?);
            }
        }
    }
    let failures = found.iter().filter(|finding| finding.health == Health::Failure).count();
    context.print(&Report(found))?;
    if failures > 0 {
        bail!("{failures} things do not work");
    }
    Ok(())
}

async fn examine(
    args: &DoctorArgs,
    connection: &mut PgConnection,
    project: ProjectId,
) -> anyhow::Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut in_use = 0;
    let versions = program_rules::list(connection, project).await?.len();
    found.push(doctor::rules(Realm { project, mode: Mode::Live }, versions));
    for mode in [Mode::Live, Mode::Test] {
        let realm = Realm { project, mode };
        let received = figures::received(connection, realm).await?;
        let key = key_state(args, connection, realm).await;
        if received.secrets == 0 && received.types.is_empty() && matches!(key, KeyState::Absent(_)) {
            continue;
        }
        in_use += 1;
        found.extend(doctor::realm(realm, &received, &key));
    }
    if in_use == 0 {
        let realm = Realm { project, mode: Mode::Live };
        let key = key_state(args, connection, realm).await;
        found.extend(doctor::realm(realm, &figures::received(connection, realm).await?, &key));
    }
    Ok(found)
}

/// What the key may read: each list is asked once.
async fn key_state(args: &DoctorArgs, connection: &mut PgConnection, realm: Realm) -> KeyState {
    let key = match args.stripe.key(connection, realm).await {
        Ok(key) => key,
        Err(error) => return KeyState::Absent(error.to_string()),
    };
    let lists = match Lists::new(&key, args.stripe.base(), calls_per_second(realm.mode)) {
        Ok(lists) => lists,
        Err(error) => return KeyState::Absent(error.to_string()),
    };
    let now = Utc::now();
    let span = Span { since: now - TimeDelta::seconds(1), until: now };
    let mut refused = Vec::new();
    for list in List::ALL {
        if let Err(error) = lists.page(list, span, None).await {
            refused.push((list.as_str().replace('_', " "), error.to_string()));
            // Nothing else is answered either.
            if !matches!(error, FetchError::Refused { status: 403, .. }) {
                return KeyState::Present(refused);
            }
        }
    }
    if let Err(error) = lists.events(span, None).await {
        refused.push(("events".to_owned(), error.to_string()));
    }
    KeyState::Present(refused)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = output::table(["", "Of", "Check", "Seen", "To do"]);
        for Finding { check, of, health, says, mend } in &self.0 {
            let health = match health {
                Health::Ok => "ok",
                Health::Warning => "warning",
                Health::Failure => "FAILS",
            };
            let of = of.map_or_else(String::new, |Realm { project, mode }| format!("{project} {mode}"));
            table.add_row([health, &of, check, says, mend.as_deref().unwrap_or_default()]);
        }
        write!(f, "{table}")
    }
}
