//! `tributary up`

use crate::{context::Context, output, shutdown, stack::Stack, stack_args::StackArgs};
use anyhow::Context as _;
use clap::Args;
use common::config::Switch;
use serde::Serialize;
use std::{fmt, future, path::PathBuf};

/// Options of `up`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    stack: StackArgs,
}

const EXAMPLES: &str = "\
Examples:
  tributary up                                      a private PostgreSQL in .tributary, its queue, port 8080
  tributary up --listen-addr 0.0.0.0:80             for everybody
  DATABASE_URL=postgres://… AMQP_URL=amqp://… tributary up
  DATABASE_URL=$(cat .tributary/database-url) psql  look into the database while it runs";

/// What runs where.
#[derive(Serialize)]
struct Running {
    url: String,
    api: String,
    webhooks: String,
    docs: String,
    /// Where people sign in, when the console is on.
    console: Option<String>,
    queue: &'static str,
    /// Where the private database is; nothing when another one was named.
    data_dir: Option<PathBuf>,
}

/// Runs everything until a signal comes.
pub(super) async fn run(args: &UpArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let address = &args.stack.http.listen_addr;
    let listener = address
        .bind()
        .await
        .with_context(|| format!("cannot listen on {address} (choose another with --listen-addr)"))?;
    let data_dir = context.options.data_dir();
    let started = Stack::start_unless(&shutdown, &args.stack, listener, context, &data_dir).await?;
    let Some(mut stack) = started else { return Ok(()) };

    let scheme = if args.stack.http.tls_cert.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", stack.address());
    let running = Running {
        api: format!("{url}/api/v1"),
        webhooks: format!("{url}/webhooks/stripe/{{project}}"),
        docs: format!("{url}/docs"),
        console: (args.stack.http.console.console == Switch::On).then(|| format!("{url}/console")),
        queue: if args.stack.queue.amqp_url().is_some() { "rabbitmq" } else { "postgres" },
        data_dir: stack.is_embedded().then_some(data_dir),
        url,
    };
    announce(running, context.options.json);
    let ended = stack.during::<()>(&shutdown, future::pending()).await.map(drop);
    shutdown::in_time(&shutdown, async { stack.stop().await.and(ended) }).await
}

/// Says what runs where, to whoever reads it: a standard output that is full or stalled is no reason not to serve.
fn announce(running: Running, as_json: bool) {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = output::print(&running, as_json) {
            tracing::warn!(%error, url = running.url, "what is running could not be printed");
        }
    });
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Tributary is up. Ctrl-C stops it.\n")?;
        writeln!(f, "  API       {}", self.api)?;
        writeln!(f, "  Webhooks  {}", self.webhooks)?;
        writeln!(f, "  Docs      {}", self.docs)?;
        if let Some(console) = &self.console {
            writeln!(f, "  Console   {console}   (tributary user create --name NAME --role operator)")?;
        }
        match &self.data_dir {
            Some(dir) => writeln!(f, "  Database  a private PostgreSQL in {}", dir.display())?,
            None => writeln!(f, "  Database  DATABASE_URL")?,
        }
        match self.queue {
            "rabbitmq" => writeln!(f, "  Queue     RabbitMQ")?,
            _ => writeln!(f, "  Queue     PostgreSQL")?,
        }
        write!(f, "\nNext: tributary project create --name Acme --commission 20%")
    }
}
