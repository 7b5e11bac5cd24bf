//! `tributary doctor`

mod reach;

use crate::{context::Context, output, stripe_args::StripeAccess};
use anyhow::bail;
use app::{
    backfill::calls_per_second,
    doctor::{self, AtStripe, Finding, Health, KeyState},
    projects::webhook_path,
};
use chrono::{TimeDelta, Utc};
use clap::Args;
use common::config::QueueArgs;
use domain::ids::{Mode, ProjectId, Realm};
use reqwest::Url;
use serde::Serialize;
use std::{fmt, time::Duration};
use store::{
    PgConnection, doctor as figures, program_rules, projects,
    schema::{self, Schema},
};
use stripe::{
    client::{FetchError, Lists, Span, StripeClient},
    history::List,
};

/// Options of `doctor`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// Where this deployment is reached from outside, to see whether it is; else as Stripe's endpoints say
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    #[command(flatten)]
    stripe: StripeAccess,
    #[command(flatten)]
    queue: QueueArgs,
}

/// How long Stripe may take to list its endpoints.
const CALL: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "\
Looks at the database, its clock and tables, the queue and its workers, and of each project and mode at its webhook secrets, its Stripe
key and what that may read, the endpoint at Stripe and whether it leads here, which events come, in which versions, and which that
matter do not, codes that nobody has, and what waits. Modes of which there is neither a secret nor a key are passed over. Exits with
1 when something does not work at all.

Examples:
  tributary doctor
  tributary doctor --project 1 --url https://refer.example.com --json";

#[derive(Serialize)]
#[serde(transparent)]
struct Report(Vec<Finding>);

/// Looks, and fails when something does not work at all.
pub(super) async fn run(args: &DoctorArgs, context: &Context) -> anyhow::Result<()> {
    let database_url = context.database_url()?;
    let mut connection = store::connect(&database_url, "tributary").await?;
    let schema = schema::compare(&mut connection).await?;
    let mut found = vec![doctor::schema(schema)];
    let database = figures::clock(&mut connection).await?;
    found.push(doctor::clocks(Utc::now(), database));
    if schema == Schema::Current {
        found.push(doctor::queue(figures::oldest_due(&mut connection).await?));
        found.push(doctor::workers(figures::has_worker(&mut connection).await?));
        let queue = args.queue.queue(&database_url, "tributary")?;
        found.extend(doctor::broker(&queue::examine(&queue).await));
        for project in projects::list(&mut connection).await? {
            if args.project.is_none_or(|only| project.id == ProjectId(only)) {
                found.extend(examine(args, &mut connection, project.id).await?);
            }
        }
    }
    let failures = found.iter().filter(|finding| finding.health == Health::Failure).count();
    context.print(&Report(found))?;
    match failures {
        0 => Ok(()),
        1 => bail!("one thing does not work"),
        _ => bail!("{failures} things do not work"),
    }
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
        found.extend(on_the_way(args, connection, realm).await);
    }
    if in_use == 0 {
        let realm = Realm { project, mode: Mode::Live };
        let key = key_state(args, connection, realm).await;
        found.extend(doctor::realm(realm, &figures::received(connection, realm).await?, &key));
    }
    Ok(found)
}

/// The endpoints at Stripe that lead to the project, and whether they do.
async fn on_the_way(args: &DoctorArgs, connection: &mut PgConnection, realm: Realm) -> Vec<Finding> {
    let path = webhook_path(realm.project);
    let at_stripe = match args.stripe.key(connection, realm).await {
        Err(_) => AtStripe::Untold("there is no Stripe key".to_owned()),
        Ok(key) => match endpoints(args, &key).await {
            Ok(endpoints) => {
                let ours = endpoints.into_iter().filter(|endpoint| {
                    Url::parse(&endpoint.url).is_ok_and(|url| url.path().trim_end_matches('/') == path)
                });
                AtStripe::Told(ours.collect())
            }
            Err(error) => AtStripe::Untold(format!("the key does not tell webhook endpoints ({error})")),
        },
    };
    let mut urls: Vec<Url> = args.url.iter().filter_map(|url| url.join(&path).ok()).collect();
    if let (AtStripe::Told(endpoints), true) = (&at_stripe, urls.is_empty()) {
        urls.extend(endpoints.iter().filter_map(|endpoint| Url::parse(&endpoint.url).ok()));
    }
    doctor::endpoints(realm, &at_stripe, &reach::all(urls).await)
}

async fn endpoints(
    args: &DoctorArgs,
    key: &str,
) -> Result<Vec<stripe::client::EndpointAtStripe>, FetchError> {
    StripeClient::new(key, Some(args.stripe.base()), CALL)?.endpoints().await
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
