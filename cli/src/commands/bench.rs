//! `tributary bench`

use crate::{
    bench::{
        pages,
        plan::Plan,
        seed::{self, Size},
        site::Site,
        suite,
    },
    context::Context,
    embedded::{self, Embedded},
    shutdown,
};
use clap::{Args, Subcommand};
use common::config::QueueArgs;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Options of `bench`.
#[derive(Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    queue: QueueArgs,
    /// Where PostgreSQL's programs are, when they are not to be searched for
    #[arg(long, env = "POSTGRES_BIN", value_name = "DIR")]
    postgres_bin: Option<PathBuf>,
}

/// What else there is to do.
#[derive(Subcommand)]
enum Command {
    /// Fill a database with a project of many customers and payments, for trying things on large tables
    #[command(after_help = SEED_EXAMPLES)]
    Seed(Size),
    /// How long each page of the console and each list of REST takes, with each of their filters
    #[command(after_help = PAGES_EXAMPLES)]
    Pages(pages::Wanted),
}

const SEED_EXAMPLES: &str = "\
A hundred customers are settled as their events would be, and the database copies their rows under other ids: raw events,
facts, conversions with their explanations, the ledger. It works on the database that is named, in a project of its own,
and is for databases that nobody else uses meanwhile. Notifications of it are not written.

Examples:
  tributary bench seed --customers 1000000 --payments 10
  tributary bench seed --customers 1000 --json";

const PAGES_EXAMPLES: &str = "\
The console is walked by its links and filters, the lists are those of the API's document; an API of its own answers. It
works on the database that is named, where it enters somebody and a key, and disables both again.

Examples:
  tributary bench seed --customers 100000
  tributary bench pages
  tributary bench pages --only /payouts --requests 100
  tributary bench pages --project 7 --mode live --json";

const EXAMPLES: &str = "\
Examples:
  ./dev bench                         with a private PostgreSQL and a private RabbitMQ, built for release
  tributary bench --only settle       one kind of measurement
  tributary bench --full 1000000      on tables with a million customers and ten payments of each
  tributary bench --events 60000 --history 12 --rounds 5 --json
  DATABASE_URL=postgres://… AMQP_URL=amqp://… tributary bench

It works in a scratch database on the server that DATABASE_URL names (or on a private PostgreSQL), which it drops at the
end, and in queues of its own. Ratios are taken within one round; the absolute figures are the machine's.";

/// Runs it.
pub(super) async fn run(args: &BenchArgs, context: &Context) -> anyhow::Result<()> {
    if let Some(command) = &args.command {
        return beside(command, context).await;
    }
    let shutdown = shutdown::on_signal()?;
    if let Some(url) = context.options.database.url()? {
        return on(url, args, context, &shutdown).await;
    }
    let data_dir = context.options.data_dir().join("bench");
    embedded::remove(&data_dir).await?;
    let server = Embedded::start(&data_dir, args.postgres_bin.as_deref()).await?;
    let url = server.url().to_owned();
    let ended = on(&url, args, context, &shutdown).await;
    server.stop().await?;
    embedded::remove(&data_dir).await?;
    ended
}

/// What works on the database that is named.
async fn beside(command: &Command, context: &Context) -> anyhow::Result<()> {
    let progress = bar(context.options.json);
    let pool = context.database().await?;
    match command {
        Command::Seed(size) => {
            let seeded = seed::fill(&pool, *size, &progress).await?;
            progress.finish_and_clear();
            context.print(&seeded)
        }
        Command::Pages(wanted) => {
            let pages = pages::measure(&pool, &context.database_url()?, wanted, &progress).await?;
            progress.finish_and_clear();
            context.print(&pages)
        }
    }
}

/// Runs it on a server. What was made is removed however it ends.
async fn on(
    url: &str,
    args: &BenchArgs,
    context: &Context,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let site = Site::make(url, args.queue.amqp_url(), &args.plan).await?;
    let progress = bar(context.options.json);
    if let Some(size) = args.plan.full() {
        seed::fill(&site.pool, size, &progress).await?;
    }
    let report = tokio::select! {
        report = suite::run(&site, &args.plan, &progress) => report.map(Some),
        () = shutdown.cancelled() => Ok(None),
    };
    progress.finish_and_clear();
    let removed = site.remove().await;
    if let Some((report, ended)) = report? {
        context.print(&report)?;
        ended?;
    }
    removed
}

/// On standard error, with the time that is left; hidden when a program reads the answer.
fn bar(quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30.cyan/dim} {pos}/{len}  {msg}  {elapsed}, {eta} left")
    {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar
}
