//! `tributary backfill`

mod dry_run;
mod report;

use crate::{
    context::{self, Context},
    stripe_args::StripeAccess,
};
use anyhow::Context as _;
use app::{
    Outbox,
    backfill::{self, Asked, Progress, RulesAsOf, Walk},
};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use domain::{
    day::Day,
    ids::{Mode, ProjectId, Realm},
};
use indicatif::{ProgressBar, ProgressStyle};
use queue::Prefix;
use report::Report;
use std::time::Duration;
use store::{PgPool, backfills};
use stripe::client::Lists;

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Options of `backfill`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BackfillArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The mode of the account's key and of what is read
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// The first day that is read, in UTC [default: the account's first]
    #[arg(long, visible_alias = "since", value_name = "DATE")]
    from: Option<Day>,
    /// The last day that is read [default: up to now]
    #[arg(long, value_name = "DATE")]
    to: Option<Day>,
    /// Tell what each affiliate would get of it, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// By which rules history is judged: those in force at each payment's own time, or those in force now
    #[arg(long, value_enum, value_name = "event|now")]
    rules_as_of: RulesAsOfArg,
    /// The day before which nothing of the project is payable, so that last year is not paid out by surprise
    #[arg(long, value_name = "DATE")]
    payable_from: Day,
    #[command(flatten)]
    stripe: StripeAccess,
    /// The deployment whose workers settle it, when several share a database
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value_t)]
    queue_prefix: Prefix,
}

#[derive(Clone, Copy, ValueEnum)]
enum RulesAsOfArg {
    /// Those in force at each payment's own time
    Event,
    /// Those in force now
    Now,
}

const EXAMPLES: &str = "\
Coupons, promotion codes, customers, checkout sessions, subscriptions, invoices and their payments, payment intents, charges, refunds, disputes, credit
notes and early fraud warnings are read day by day and go the way of webhooks: what a webhook told before is the same
fact, in any order. Workers must be running. A run that was interrupted is taken up where it was by the same command.

Examples:
  tributary backfill --project 1 --mode live --from 2026-01-01 --rules-as-of event --payable-from 2026-12-01 --dry-run
  tributary backfill --project 1 --mode live --from 2026-01-01 --rules-as-of event --payable-from 2026-12-01";

/// Reads it.
pub(super) async fn run(args: &BackfillArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let project = context::project(&mut connection, ProjectId(args.project)).await?.id;
    let realm = Realm { project, mode: args.mode };
    let key = args.stripe.key(&mut connection, realm).await?;
    drop(connection);
    let lists = Lists::new(&key, args.stripe.base(), backfill::calls_per_second(args.mode))?;
    let asked = Asked {
        realm,
        since: args.from.map(Day::start),
        until: args.to.map(Day::end),
        rules_as_of: match args.rules_as_of {
            RulesAsOfArg::Event => RulesAsOf::Event,
            RulesAsOfArg::Now => RulesAsOf::Now,
        },
        payable_from: args.payable_from.start(),
    };
    let created = match asked.since {
        Some(_) => None,
        None => lists.account_created().await.context("the account cannot be read")?,
    };
    if args.dry_run {
        let estimate = dry_run::run(&pool, args, &asked, created, &lists, context.options.json).await?;
        return context.print(&estimate);
    }
    let report = read(&pool, args, &asked, created, &lists, context.options.json).await?;
    context.print(&report)
}

async fn read(
    pool: &PgPool,
    args: &BackfillArgs,
    asked: &Asked,
    created: Option<DateTime<Utc>>,
    lists: &Lists,
    quiet: bool,
) -> anyhow::Result<Report> {
    let queue: &Prefix = &args.queue_prefix;
    let mut transaction = pool.begin().await?;
    let outbox = Outbox { queue, now: Utc::now() };
    let begun = backfill::begin(&mut transaction, outbox, asked, created).await?;
    transaction.commit().await?;
    let before = backfills::tally(&mut *pool.acquire().await?, begun.backfill.id).await?;
    let bar = progress(quiet);
    bar.set_length(sum(before.iter().map(|tally| tally.segments)));
    bar.set_position(sum(before.iter().map(|tally| tally.done)));
    let step = |Progress { segments, objects }| {
        bar.inc(segments);
        if objects > 0 {
            let listed = bar.message().parse::<u64>().unwrap_or(0).saturating_add(objects);
            bar.set_message(listed.to_string());
        }
    };
    let now = Utc::now;
    let walk = Walk { pool, queue, lists, now: &now, progress: &step, patience: None };
    let outcome = walk.carry_out(&begun.backfill).await;
    bar.finish_and_clear();
    outcome.context("history was not read to its end; the same command goes on where it was")?;
    let tally = backfills::tally(&mut *pool.acquire().await?, begun.backfill.id).await?;
    Ok(Report::new(begun, tally))
}

/// Days of lists, with how many objects they had.
fn progress(quiet: bool) -> ProgressBar {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
    let template = "{wide_bar} {human_pos}/{human_len} days of lists  {per_sec}  {eta} left  {msg} objects";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message("0");
    bar.enable_steady_tick(TICK);
    bar
}

fn sum(counts: impl Iterator<Item = i64>) -> u64 {
    u64::try_from(counts.sum::<i64>()).unwrap_or_default()
}
