//! Answers on standard output: for people, or as JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{
    fmt::Display,
    io::{ErrorKind, IsTerminal, Write, stderr, stdout},
};

/// Tables are laid out for this many columns when the terminal does not say, and never wider.
pub(crate) const WIDTH: u16 = 120;

/// Prints an answer.
pub(crate) fn print(report: &(impl Serialize + Display), as_json: bool) -> anyhow::Result<()> {
    if as_json { line(&serde_json::to_string_pretty(report)?) } else { line(&report.to_string()) }
}

/// Prints some text and a line's end. That nobody reads it, as under `head`, is no failure.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a remark beside an answer that a program reads, on standard error.
pub(crate) fn remark(text: &str) -> anyhow::Result<()> {
    match writeln!(stderr().lock(), "{}", text.trim_end()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether a person looks at standard output.
pub(crate) fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// An empty table: with frames on a terminal, plain columns in a pipe.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    if is_terminal() {
        table.load_style(presets::UTF8_FULL_CONDENSED.with_rounded_corners());
        table.set_content_arrangement(ContentArrangement::Dynamic);
        let width = table.width().unwrap_or(WIDTH).min(WIDTH);
        table.set_width(width);
    } else {
        table.load_style(presets::NOTHING);
    }
    table.set_header(header);
    table
}

/// Progress on standard error; hidden when nobody looks, or when a program reads the answer. It gets a
/// length as soon as one is known.
pub(crate) fn counter(quiet: bool) -> ProgressBar {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
    if let Ok(style) = ProgressStyle::with_template("{msg}  {human_pos}  {elapsed}  {per_sec}") {
        bar.set_style(style);
    }
    bar
}

/// A time as the REST API writes it (docs/API.md, Conventions).
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A day, for people.
pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
