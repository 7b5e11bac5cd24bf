//! `tributary prune`

use crate::{context::Context, output};
use anyhow::Context as _;
use app::prune::{self, Outlived};
use chrono::Utc;
use clap::Args;
use domain::day::Day;
use serde::Serialize;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use store::PgConnection;
use store::event_archive::{self, Size};

/// Options of `prune`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PruneArgs {
    /// Tell what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Take the bodies of raw events out of the database that were received before this day, UTC
    #[arg(long, value_name = "DATE")]
    events_before: Option<Day>,
    /// Where those bodies go: a new file, which `tributary replay --archive` reads
    #[arg(long, value_name = "FILE", requires = "events_before")]
    archive: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Deleted are answers kept for an Idempotency-Key (after 48 hours), each try of a notification (30 days), notifications
and their deliveries (90 days). Services do that by themselves; this does it now. The ledger, its explanations, clicks
and dead letters are kept.

Raw events are what `tributary replay` rebuilds the ledger from. They are kept until you name a day and a file: then
their bodies are written to the file first, and taken out of the database when it is safe on disk. Their rows stay, so
that an event which comes again is known. Keep the file: a replay asks for it.

Examples:
  tributary prune --dry-run
  tributary prune --dry-run --events-before 2026-01-01
  tributary prune --events-before 2026-01-01 --archive events-2025.jsonl
  tributary replay --dry-run --archive events-2025.jsonl";

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    deleted: Outlived,
    /// Raw events that went, or would go, to an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<PathBuf>,
}

/// Prunes.
pub(super) async fn run(args: &PruneArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let now = Utc::now();
    let mut report =
        Report { dry_run: args.dry_run, deleted: Outlived::default(), archived: None, archive: None };
    if args.dry_run {
        report.deleted = prune::outlived(&mut connection, now).await?;
        if let Some(day) = args.events_before {
            report.archived = Some(event_archive::size(&mut connection, day.start()).await?);
        }
    } else {
        if let Some(day) = args.events_before {
            let file = args.archive.as_deref().context(
                "--events-before needs --archive FILE: bodies are not deleted before a file holds them",
            )?;
            report.archived = Some(archive(&mut connection, day, file, context.options.json).await?);
            report.archive = Some(file.to_owned());
        }
        report.deleted = prune::delete(&mut connection, now).await?;
    }
    context.print(&report)
}

/// Writes the file, makes it safe, and only then takes out what it holds.
async fn archive(
    connection: &mut PgConnection,
    before: Day,
    path: &Path,
    quiet: bool,
) -> anyhow::Result<Size> {
    let named = || format!("--archive {}", path.display());
    let file = OpenOptions::new().write(true).create_new(true).open(path).with_context(named)?;
    let mut lines = BufWriter::new(file);
    let progress = output::counter(quiet);
    progress.set_message("events written");
    let written =
        prune::write_archive(connection, before.start(), &mut lines, |events| progress.set_position(events))
            .await?;
    lines.flush().with_context(named)?;
    lines.get_ref().sync_all().with_context(named)?;
    sync_folder(path).with_context(named)?;
    progress.set_message("taking them out");
    prune::take_out(connection, &written).await?;
    progress.finish_and_clear();
    Ok(written.size)
}

/// The file's name is to outlive a power cut as its content does.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outlived { idempotency_keys, notifications } = self.deleted;
        let verb = if self.dry_run { "Would delete" } else { "Deleted" };
        writeln!(
            f,
            "{verb} {idempotency_keys} kept answers, {} tries, {} deliveries, {} notifications.",
            notifications.attempts, notifications.deliveries, notifications.notifications
        )?;
        match (self.archived, &self.archive) {
            (Some(Size { events, bytes }), Some(file)) => {
                write!(f, "The bodies of {events} events are in {} ({bytes} bytes). Keep it.", file.display())
            }
            (Some(Size { events, bytes }), None) => {
                write!(f, "Would take the bodies of {events} events, {bytes} bytes, into an archive.")
            }
            (None, _) => write!(f, "Raw events are kept; --events-before and --archive take old bodies out."),
        }
    }
}
