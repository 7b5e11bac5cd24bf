//! What was measured of each page.

use super::html::{self, Form};
use crate::{
    bench::{client::Client, report::Machine, statistics::Latencies},
    output,
};
use bytes::Bytes;
use domain::ids::{Mode, ProjectId, Realm};
use hyper::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, time::Duration};
use store::PgConnection;
use tokio::time::Instant;

/// A page that takes so long in all is not asked for again, when it was asked for so often.
const ENOUGH: Duration = Duration::from_secs(5);
const LEAST: u32 = 3;

/// An answer, and how long it took.
pub(super) struct Asked {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    took: Duration,
}

impl Asked {
    /// Asks for a path.
    pub(super) async fn of(client: &mut Client, path: &str, who: (&str, &str)) -> anyhow::Result<Self> {
        let sent = Instant::now();
        let (status, headers, body) = client.ask(path, who).await?;
        Ok(Self { status, headers, body, took: sent.elapsed() })
    }

    /// The body, where it is a text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The filters on a page.
    pub(super) fn forms(&self) -> Vec<Form> {
        html::ways(&self.text()).forms
    }

    /// Whether it is a page that was shown, or leads to one.
    fn is_shown(&self) -> bool {
        self.status.is_success() || self.status.is_redirection()
    }

    fn is_file(&self) -> bool {
        self.headers.contains_key(header::CONTENT_DISPOSITION)
    }
}

/// What asks no database: what the machine is busy with beside this.
const BARE: &str = "/livez";

/// How long an answer takes for which nothing is read.
pub(super) async fn bare(client: &mut Client, pages: &mut Pages, requests: u32) -> anyhow::Result<()> {
    pages.first(BARE, &Asked::of(client, BARE, NOBODY).await?);
    pages.repeat(client, BARE, &[BARE.to_owned()], NOBODY, requests).await
}

const NOBODY: (&str, &str) = ("accept", "*/*");

/// A page, or a list with a filter.
#[derive(Serialize)]
struct Page {
    status: u16,
    /// A file that is downloaded: not bound to a page's time.
    file: bool,
    bytes: usize,
    /// The longest of the first looks at each of them, in milliseconds.
    first_ms: f64,
    #[serde(skip)]
    latencies: Option<Latencies>,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    /// Whether the service failed to answer it, once or more often.
    failed: bool,
    kept: bool,
}

impl Page {
    /// A page that failed once has failed, whatever it answers later.
    fn note(&mut self, status: StatusCode) {
        if !self.failed {
            self.status = status.as_u16();
        }
        self.failed |= status.is_server_error();
    }
}

/// All of them.
#[derive(Serialize)]
pub(crate) struct Pages {
    project: ProjectId,
    mode: Mode,
    conversions: i64,
    events: i64,
    most_ms: u32,
    machine: Machine,
    #[serde(rename = "pages")]
    by_kind: BTreeMap<String, Page>,
    /// Pages to which nothing led: there is no row of theirs.
    not_reached: Vec<String>,
}

impl Pages {
    /// None yet.
    pub(super) async fn new(
        realm: Realm,
        most_ms: u32,
        connection: &mut PgConnection,
    ) -> anyhow::Result<Self> {
        let (conversions, events) = store::databases::rows(connection, realm).await?;
        Ok(Self {
            project: realm.project,
            mode: realm.mode,
            conversions,
            events,
            most_ms,
            machine: Machine::read(connection).await?,
            by_kind: BTreeMap::new(),
            not_reached: Vec::new(),
        })
    }

    /// Whether nothing was measured.
    pub(super) fn is_empty(&self) -> bool {
        self.by_kind.values().all(|page| page.latencies.is_none())
    }

    /// A page to which nothing led.
    pub(super) fn not_reached(&mut self, route: String) {
        self.not_reached.push(route);
    }

    /// A first look.
    pub(super) fn first(&mut self, kind: &str, answer: &Asked) {
        let first_ms = answer.took.as_secs_f64() * 1_000.0;
        let page = self.by_kind.entry(kind.to_owned()).or_insert(Page {
            status: answer.status.as_u16(),
            file: answer.is_file(),
            bytes: 0,
            first_ms,
            latencies: None,
            p50_ms: 0.0,
            p95_ms: 0.0,
            p99_ms: 0.0,
            failed: false,
            kept: true,
        });
        page.note(answer.status);
        page.bytes = page.bytes.max(answer.body.len());
        page.first_ms = page.first_ms.max(first_ms);
    }

    /// Asks for pages of one kind, in turns. What is refused is not asked for again.
    pub(super) async fn repeat(
        &mut self,
        client: &mut Client,
        kind: &str,
        paths: &[String],
        who: (&str, &str),
        requests: u32,
    ) -> anyhow::Result<()> {
        let Some(page) = self.by_kind.get_mut(kind) else { return Ok(()) };
        let (mut latencies, began) = (Latencies::new()?, Instant::now());
        for (path, number) in paths.iter().cycle().zip(0..requests) {
            if number >= LEAST && began.elapsed() > ENOUGH {
                break;
            }
            let answer = Asked::of(client, path, who).await?;
            if !answer.is_shown() {
                page.note(answer.status);
                break;
            }
            latencies.record(answer.took);
        }
        (page.p50_ms, page.p95_ms, page.p99_ms) = (latencies.at(0.5), latencies.at(0.95), latencies.at(0.99));
        page.kept = !page.failed && (page.file || page.p95_ms <= f64::from(self.most_ms));
        page.latencies = Some(latencies);
        Ok(())
    }
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "Project {}, {} mode: {} conversions, {} events\n",
            self.project, self.mode, self.conversions, self.events
        )?;
        let mut table =
            output::table(["page or list", "status", "KiB", "first, ms", "p50", "p95", "p99", "kept"]);
        let measured = || self.by_kind.iter().filter(|(_, page)| page.latencies.is_some());
        for (kind, page) in measured() {
            let ms = |value: f64| format!("{value:.1}");
            table.add_row([
                kind.clone(),
                page.status.to_string(),
                (page.bytes / 1_024).to_string(),
                ms(page.first_ms),
                ms(page.p50_ms),
                ms(page.p95_ms),
                ms(page.p99_ms),
                match (page.kept, page.file) {
                    (false, _) => "NO",
                    (true, true) => "a file",
                    (true, false) => "yes",
                }
                .to_owned(),
            ]);
        }
        let (all, over) = (measured().count(), measured().filter(|(_, page)| !page.kept).count());
        write!(f, "{table}\n\n{over} of {all} take more than {} ms at p95, or failed", self.most_ms)?;
        if !self.not_reached.is_empty() {
            write!(f, "\nNothing led to {}", self.not_reached.join(", "))?;
        }
        Ok(())
    }
}
