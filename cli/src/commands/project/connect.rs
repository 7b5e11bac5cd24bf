//! `tributary project connect-stripe`

use super::ProjectArgs;
use crate::{
    context::{self, Context},
    stripe_args::StripeAccess,
};
use anyhow::ensure;
use app::{
    connect_stripe::{self, Connected},
    projects::webhook_path,
};
use clap::Args;
use domain::ids::{Mode, ProjectId, Realm};
use serde::Serialize;
use std::{fmt, time::Duration};
use stripe::client::StripeClient;

/// How long Stripe may take.
const CALL: Duration = Duration::from_secs(30);

/// Options of `project connect-stripe`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConnectArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// The mode of the account's key and of the events
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// Where this deployment is reached from outside, e.g. <https://refer.example.com>
    #[arg(long, value_name = "URL")]
    url: String,
    #[command(flatten)]
    stripe: StripeAccess,
}

const EXAMPLES: &str = "\
Makes a webhook endpoint at Stripe that sends what is read to this deployment, and keeps its signing secret. Where there is one for
the address already, what it lacks is added. Done again, it changes nothing. The key needs the right to write webhook endpoints.

Examples:
  tributary project connect-stripe 1 --mode live --url https://refer.example.com";

#[derive(Serialize)]
struct Report {
    project_id: ProjectId,
    mode: Mode,
    done: &'static str,
    endpoint: String,
    url: String,
    added: Vec<&'static str>,
}

/// Connects it.
pub(super) async fn run(args: &ConnectArgs, context: &Context) -> anyhow::Result<()> {
    let base = args.url.trim_end_matches('/');
    ensure!(
        base.starts_with("https://") || (args.mode == Mode::Test && base.starts_with("http://")),
        "Stripe sends to https:// alone in live mode"
    );
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let project = context::project(&mut connection, args.project.id()).await?.id;
    let realm = Realm { project, mode: args.mode };
    let key = args.stripe.key(&mut connection, realm).await?;
    let client = StripeClient::new(&key, Some(args.stripe.base()), CALL)?;
    let url = format!("{base}{}", webhook_path(project));
    let connected = connect_stripe::connect(&mut connection, &client, realm, &url).await?;
    let (done, endpoint, added) = match connected {
        Connected::Made(endpoint) => ("made", endpoint, Vec::new()),
        Connected::Extended(endpoint, added) => ("extended", endpoint, added),
        Connected::Unchanged(endpoint) => ("unchanged", endpoint, Vec::new()),
    };
    context.print(&Report { project_id: project, mode: args.mode, done, endpoint: endpoint.id, url, added })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, mode, done, endpoint, url, added } = self;
        write!(f, "Endpoint {endpoint} at Stripe, {url}: {done}")?;
        if *done == "made" {
            write!(f, "\nIts secret is one of project {project_id} in {mode} mode.")?;
        }
        if !added.is_empty() {
            write!(f, "\nIt sends now, too: {}", added.join(", "))?;
        }
        Ok(())
    }
}
