//! One file a command.

mod api;
mod backfill;
mod bench;
mod conversion;
mod customer;
mod dead_letters;
mod decision;
mod demo;
mod digest;
mod doctor;
mod effect;
mod endpoint;
mod events;
mod explain;
mod health;
mod key;
mod listen;
mod migrate;
mod payout;
mod project;
mod prune;
mod reconcile;
mod replay;
mod roles;
mod simulate;
mod statement;
mod up;
mod user;
mod verify;
mod worker;

use crate::context::Context;
use clap::Subcommand;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run everything here in one process, on a private PostgreSQL unless another database is named
    Up(Box<up::UpArgs>),
    /// See it work: run everything, post a Stripe history, show who earned what and why
    Demo(Box<demo::DemoArgs>),
    /// Take webhooks and serve the REST API, as `tributary-api` does
    Api(Box<api::ApiArgs>),
    /// Settle what is in the queue, as `tributary-worker` does; run as many as you like
    Worker(worker::WorkerArgs),
    /// Measure how fast this machine accepts and settles, beside what it does without Tributary
    Bench(Box<bench::BenchArgs>),
    /// Ask a service whether it is ready, for health checks: exits with 0 when it is
    Health(Box<health::HealthArgs>),
    /// Read a Stripe account's history: what was paid before webhooks came, or while none did
    Backfill(Box<backfill::BackfillArgs>),
    /// Compare Stripe's events of the last days with the inbox, and settle what is missing
    Reconcile(Box<reconcile::ReconcileArgs>),
    /// Look for what is wrong: settings, keys, secrets, events that do not come; each with what to do
    Doctor(Box<doctor::DoctorArgs>),
    /// Bring the database's tables up to date
    Migrate,
    /// Create, list, show and change projects
    #[command(subcommand)]
    Project(project::Command),
    /// Create, list and revoke the API keys of a project
    #[command(subcommand)]
    Key(key::Command),
    /// Say who may sign in to the console, and what they may do there
    #[command(subcommand)]
    User(user::Command),
    /// Have notifications sent: make endpoints, change, test and repeat
    #[command(subcommand)]
    Endpoint(endpoint::Command),
    /// Follow what happens, in the order in which it does
    #[command(subcommand)]
    Events(events::Command),
    /// Forward notifications to your own machine, signed as endpoints get them
    Listen(listen::ListenArgs),
    /// Pay affiliates what is due: collect, export, mark as paid
    #[command(subcommand)]
    Payout(payout::Command),
    /// What an affiliate was owed, what moved that, and what it is owed now
    Statement(statement::StatementArgs),
    /// Lock a customer to an affiliate or to nobody, and release it
    #[command(subcommand)]
    Customer(customer::Command),
    /// Hold, release or reject the commission of one payment
    #[command(subcommand)]
    Conversion(conversion::Command),
    /// Build the ledger again from the raw events, and compare
    Replay(replay::ReplayArgs),
    /// Try other rules on history: what each affiliate would have earned
    Simulate(simulate::SimulateArgs),
    /// Check that the ledger sums to zero and agrees with every conversion
    Verify(verify::VerifyArgs),
    /// Tell the story of a payment or a customer: who earned, why, and how much
    Explain(explain::ExplainArgs),
    /// The hash of the whole ledger: the same history has the same one, in whatever order it came
    Digest(digest::DigestArgs),
    /// Delete what has outlived its use, and put old raw events into an archive
    Prune(prune::PruneArgs),
    /// Print the SQL that gives api and workers a database role of their own, with no right they do not need
    Roles(roles::RolesArgs),
    /// What no worker could settle: list, show, send round again, give up
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
}

impl Command {
    /// Whether it runs as a service, whose log is read rather than its answer.
    pub(crate) fn is_a_role(&self) -> bool {
        matches!(self, Self::Up(_) | Self::Api(_) | Self::Worker(_))
    }
}

/// Runs one.
pub(crate) async fn run(command: Command, context: Context) -> anyhow::Result<()> {
    match command {
        Command::Up(args) => up::run(&args, &context).await,
        Command::Demo(args) => demo::run(*args, &context).await,
        Command::Api(args) => api::run(&args, &context).await,
        Command::Worker(args) => worker::run(&args, &context).await,
        Command::Bench(args) => bench::run(&args, &context).await,
        Command::Health(args) => health::run(&args, &context).await,
        Command::Backfill(args) => backfill::run(&args, &context).await,
        Command::Reconcile(args) => reconcile::run(&args, &context).await,
        Command::Doctor(args) => doctor::run(&args, &context).await,
        Command::Migrate => migrate::run(&context).await,
        Command::Project(command) => project::run(command, &context).await,
        Command::Key(command) => key::run(command, &context).await,
        Command::User(command) => user::run(command, &context).await,
        Command::Endpoint(command) => endpoint::run(command, &context).await,
        Command::Events(command) => events::run(command, &context).await,
        Command::Listen(args) => listen::run(&args, &context).await,
        Command::Payout(command) => payout::run(command, &context).await,
        Command::Statement(args) => statement::run(&args, &context).await,
        Command::Customer(command) => customer::run(command, &context).await,
        Command::Conversion(command) => conversion::run(command, &context).await,
        Command::Replay(args) => replay::run(&args, &context).await,
        Command::Simulate(args) => simulate::run(&args, &context).await,
        Command::Verify(args) => verify::run(&args, &context).await,
        Command::Explain(args) => explain::run(&args, &context).await,
        Command::Digest(args) => digest::run(&args, &context).await,
        Command::Prune(args) => prune::run(&args, &context).await,
        Command::Roles(args) => roles::run(&args, &context),
        Command::DeadLetters(command) => dead_letters::run(command, &context).await,
    }
}
