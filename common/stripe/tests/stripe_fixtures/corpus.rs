//! The fixtures.

use chrono::DateTime;
use domain::fact::{Fact, FactBody};
use domain::ids::Mode;
use serde_json::Value;
use std::path::{Path, PathBuf};
use stripe::event::{Outcome, Reading, Unreadable, read};
use stripe::metadata::MetadataKeys;

/// One file.
pub(crate) struct Fixture {
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) event: Value,
}

impl Fixture {
    /// The mode of the secret that proved it.
    pub(crate) fn mode(&self) -> Mode {
        Mode::from_livemode(self.event["livemode"].as_bool().unwrap_or(false))
    }
}

/// All of them, by version and name.
pub(crate) fn all() -> Vec<Fixture> {
    let mut fixtures: Vec<Fixture> =
        children(&root()).iter().flat_map(|version| children(version)).map(|path| fixture(&path)).collect();
    fixtures.sort_by(|a, b| (&a.version, &a.name).cmp(&(&b.version, &b.name)));
    fixtures
}

/// What one file tells.
pub(crate) fn facts(version: &str, name: &str) -> Vec<Fact> {
    let fixture = fixture(&root().join(version).join(format!("{name}.json")));
    match read_event(&fixture.event, fixture.mode()).unwrap().outcome {
        Outcome::Facts { facts, .. } => facts,
        Outcome::Code(_) => Vec::new(),
        Outcome::Ignored { reason } => panic!("{version}/{name} tells nothing: {reason}"),
    }
}

/// The body of the one fact of a kind.
pub(crate) fn body(facts: &[Fact], kind: &str) -> FactBody {
    let bodies: Vec<&FactBody> =
        facts.iter().map(|fact| &fact.body).filter(|body| body.kind() == kind).collect();
    assert_eq!(bodies.len(), 1, "facts of kind {kind}");
    bodies[0].clone()
}

/// Reads an event as it is received.
pub(crate) fn read_event(event: &Value, mode: Mode) -> Result<Reading, Unreadable> {
    let body = serde_json::to_vec(event).unwrap();
    read(&body, mode, &MetadataKeys::default(), DateTime::UNIX_EPOCH)
}

fn fixture(path: &Path) -> Fixture {
    let text = |name: Option<&std::ffi::OsStr>| name.unwrap().to_str().unwrap().to_owned();
    Fixture {
        version: text(path.parent().unwrap().file_name()),
        name: text(path.file_stem()),
        event: serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/stripe")
}

fn children(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
