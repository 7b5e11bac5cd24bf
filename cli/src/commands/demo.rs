//! `tributary demo`

mod run;

use crate::{
    context::Context, demo::receiver::Notified, demo::report::Report, embedded, shutdown, stack::Stack,
    stack_args::StackArgs,
};
use anyhow::Context as _;
use clap::Args;
use common::config::{LimitArgs, ListenAddr};
use serde::Serialize;
use std::{
    fmt, future,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;

/// Options of `demo`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// Print the tables and stop
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    stack: StackArgs,
}

const EXAMPLES: &str = "\
Examples:
  tributary demo                look at the tables, then try the API with the key that is printed
  tributary demo --once         look at the tables only
  tributary demo --once --json  the same for programs; sums are minor units

Its private PostgreSQL lives in .tributary/demo and is removed at the end.";

/// The report, and how to go on from it.
#[derive(Serialize)]
struct Shown {
    url: String,
    api_key: String,
    webhook_path: String,
    #[serde(flatten)]
    report: Report,
    notified: Notified,
    #[serde(skip)]
    hints: Option<Hints>,
}

/// For whoever wants to try more while the demo runs.
struct Hints {
    /// Where commands find the database; nothing when another one was named.
    data_dir: Option<PathBuf>,
}

/// Runs it.
pub(super) async fn run(mut args: DemoArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    args.stack.http.limits = LimitArgs::off();
    args.stack.http.connections.drain_at_once();
    // Where the demo's own receiver is.
    args.stack.notify.notify_allow_networks.0.push("127.0.0.1/32".parse()?);
    // Beside the data of `up`, never in it: it is removed.
    let data_dir = context.options.data_dir().join("demo");
    let listener = listen(&args.stack.http.listen_addr).await?;
    embedded::remove(&data_dir).await?;
    let started = Stack::start_unless(&shutdown, &args.stack, listener, context, &data_dir).await;
    let embedded = matches!(&started, Ok(Some(stack)) if stack.is_embedded());
    let ended = match started {
        Ok(Some(stack)) => show(&args, context, &shutdown, stack, &data_dir).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    let removed = if embedded || ended.is_ok() { embedded::remove(&data_dir).await } else { Ok(()) };
    ended.and(removed.map_err(Into::into))
}

async fn show(
    args: &DemoArgs,
    context: &Context,
    shutdown: &tokio_util::sync::CancellationToken,
    mut stack: Stack,
    data_dir: &Path,
) -> anyhow::Result<()> {
    let url = format!("http://{}", stack.address());
    let database_url = stack.database_url().to_owned();
    let work = run::run(&url, &database_url, &args.stack.notify, context.options.json);
    let done = stack.during(shutdown, work).await;
    let ended = match done {
        Ok(Some(run::Done { entered, report, notified })) => {
            let data_dir = stack.is_embedded().then(|| data_dir.to_owned());
            let shown = Shown {
                url,
                api_key: entered.api_key,
                webhook_path: entered.webhook_path,
                report,
                notified,
                hints: (!args.once).then_some(Hints { data_dir }),
            };
            match context.print(&shown) {
                Ok(()) if !args.once => stack.during::<()>(shutdown, future::pending()).await.map(drop),
                printed => printed,
            }
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    stack.stop().await.and(ended)
}

/// The usual address or, when that one is taken, any port.
async fn listen(address: &ListenAddr) -> anyhow::Result<TcpListener> {
    let loopback = |port| ListenAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let usual = *address == loopback(8080);
    match address.bind().await {
        Err(error) if usual && error.kind() == ErrorKind::AddrInUse => Ok(loopback(0).bind().await?),
        bound => bound.with_context(|| format!("cannot listen on {address}")),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, api_key, report, notified, hints, .. } = self;
        writeln!(f, "{report}\n{notified}")?;
        let Some(Hints { data_dir }) = hints else { return Ok(()) };
        let on = data_dir.as_ref().map(|dir| format!(" --data-dir {}", dir.display())).unwrap_or_default();
        writeln!(f, "\nIt is still running. Try, in another terminal:\n")?;
        writeln!(f, "  curl -s -H 'Authorization: Bearer {api_key}' \\")?;
        writeln!(f, "    '{url}/api/v1/conversions?limit=3'")?;
        if let Some(customer) = &report.example_customer {
            writeln!(f, "  curl -s -H 'Authorization: Bearer {api_key}' \\")?;
            writeln!(
                f,
                "    '{url}/api/v1/projects/{}/stripe-customer-referral-info/{customer}'",
                report.project_id
            )?;
            writeln!(f, "  {} explain {customer}{on}", program())?;
        }
        write!(f, "\nCtrl-C stops it and removes its data.")
    }
}

/// How this program was called, so that what is printed can be pasted.
fn program() -> String {
    std::env::args_os()
        .next()
        .map_or_else(|| "tributary".to_owned(), |name| name.to_string_lossy().into_owned())
}
