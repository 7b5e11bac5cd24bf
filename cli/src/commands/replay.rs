//! `tributary replay`

use crate::{
    context::{self, Context},
    output,
};
use anyhow::Context as _;
use clap::Args;
use common::{config::MetadataArgs, intake};
use domain::{
    fact::Fact,
    ids::{Mode, ProjectId, Realm},
};
use queue::envelope::Source;
use serde::Serialize;
use std::{
    fmt,
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
};
use store::{
    PgConnection, digest,
    event_archive::Restored,
    notifications, projects,
    settlement::{self, BatchError, Replayed, StoredEvent},
};
use stripe::metadata::MetadataKeys;

/// Options of `replay`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// One project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// Tell what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Notify nobody of what is posted: for a first reading of old events. Receivers' books then begin with a statement
    #[arg(long)]
    quiet: bool,
    /// A file that `tributary prune` wrote, for the events whose bodies are in it; once for each
    #[arg(long = "archive", value_name = "FILE")]
    archives: Vec<PathBuf>,
    #[command(flatten)]
    metadata: MetadataArgs,
}

const EXAMPLES: &str = "\
Every fact is read again from the raw events and every customer folded again, in one transaction; workers that
settle the same customers wait for it. Rows keep their numbers, and the ledger only grows: what is read differently
now is posted as amendments.

Examples:
  tributary replay --dry-run      does the ledger follow from the events? Equal digests say yes
  tributary replay --project 7
  tributary replay --dry-run --archive events-2026-06.jsonl      with bodies that `tributary prune` took out";

#[derive(Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    dry_run: bool,
    events: usize,
    customers_and_payments: usize,
    changed_conversions: usize,
    ledger_entries: usize,
    digest_before: String,
    digest_after: String,
}

/// Runs it.
pub(super) async fn run(args: &ReplayArgs, context: &Context) -> anyhow::Result<()> {
    let keys = args.metadata.keys();
    let pool = context.database().await?;
    let project_id = args.project.map(ProjectId);
    let mut transaction = pool.begin().await?;
    let projects = match project_id {
        Some(id) => vec![context::project(&mut transaction, id).await?.id],
        None => projects::list(&mut transaction).await?.into_iter().map(|project| project.id).collect(),
    };
    let digest_before = digest::of(&mut transaction, project_id).await?;
    if args.quiet {
        notifications::keep_quiet(&mut transaction).await?;
    }
    let restored = restore(&mut transaction, &args.archives).await?;
    let mut total = Replayed::default();
    for project in projects {
        for mode in [Mode::Test, Mode::Live] {
            let realm = Realm { project, mode };
            let done =
                replay(&mut transaction, realm, restored.as_ref(), &keys, context.options.json).await?;
            total.events += done.events;
            total.clusters += done.clusters;
            total.conversions += done.conversions;
            total.entries += done.entries;
        }
    }
    let digest_after = digest::of(&mut transaction, project_id).await?;
    if args.dry_run {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    context.print(&Report {
        project_id,
        dry_run: args.dry_run,
        events: total.events,
        customers_and_payments: total.clusters,
        changed_conversions: total.conversions,
        ledger_entries: total.entries,
        digest_before,
        digest_after,
    })
}

async fn replay(
    connection: &mut PgConnection,
    realm: Realm,
    restored: Option<&Restored>,
    keys: &MetadataKeys,
    quiet: bool,
) -> anyhow::Result<Replayed> {
    let progress = output::counter(quiet);
    progress.set_message(format!("project {}, {} mode", realm.project, realm.mode));
    let read = |event: &StoredEvent| read(event, realm, keys);
    let done = settlement::replay(connection, realm, restored, read, |done| {
        progress.set_position(u64::try_from(done.events + done.clusters).unwrap_or(u64::MAX));
    })
    .await;
    progress.finish_and_clear();
    Ok(done?)
}

/// Lines that are read into the database at once, and bytes of theirs with which it is enough. A body may have a megabyte.
const LINES: usize = 100;
const BYTES: usize = 16 << 20;

/// Reads archives into the transaction.
async fn restore(connection: &mut PgConnection, archives: &[PathBuf]) -> anyhow::Result<Option<Restored>> {
    if archives.is_empty() {
        return Ok(None);
    }
    let restored = Restored::begin(connection).await?;
    for archive in archives {
        let named = || format!("--archive {}", archive.display());
        let mut lines = BufReader::new(File::open(archive).with_context(named)?).lines();
        loop {
            let (mut some, mut bytes) = (Vec::new(), 0);
            while bytes < BYTES && some.len() < LINES {
                let Some(line) = lines.next().transpose().with_context(named)? else { break };
                bytes += line.len();
                some.push(line);
            }
            if some.is_empty() {
                break;
            }
            restored.add(connection, &some).await.with_context(named)?;
        }
    }
    Ok(Some(restored))
}

fn read(event: &StoredEvent, realm: Realm, keys: &MetadataKeys) -> Result<Vec<Fact>, BatchError> {
    let unreadable = |reason: String| BatchError::Event { event_id: event.event_id.clone(), reason };
    let source = Source::parse(&event.source)
        .ok_or_else(|| unreadable(format!("its source {:?} is unknown", event.source)))?;
    let told = intake::read(source, &event.body, realm, event.received_at, keys)
        .map_err(|error| unreadable(error.to_string()))?;
    Ok(told.facts)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} events read again.", self.events)?;
        writeln!(f, "Digest before  {}", self.digest_before)?;
        writeln!(f, "Digest after   {}", self.digest_after)?;
        match (self.digest_before == self.digest_after, self.dry_run) {
            (true, _) => write!(f, "The ledger is what the events say."),
            (false, true) => write!(
                f,
                "It would change {} conversions by {} ledger entries.",
                self.changed_conversions, self.ledger_entries
            ),
            (false, false) => write!(
                f,
                "{} conversions changed, by {} ledger entries.",
                self.changed_conversions, self.ledger_entries
            ),
        }
    }
}
