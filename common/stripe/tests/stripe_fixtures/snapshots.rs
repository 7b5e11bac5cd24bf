//! Every fixture's facts, a snapshot for each version.

use crate::corpus::{Fixture, all, read_event};
use domain::key::Key;
use std::collections::BTreeMap;
use std::fmt::Write;
use stripe::event::Outcome;

#[test]
fn every_version_tells_its_facts() {
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    for fixture in all() {
        let told = versions.entry(fixture.version.clone()).or_default();
        writeln!(told, "# {}\n{}", fixture.name, read_from(&fixture)).unwrap();
    }
    for (version, told) in versions {
        insta::assert_snapshot!(version, told);
    }
}

/// A line for each fact, gap or reason.
fn read_from(fixture: &Fixture) -> String {
    let reading = read_event(&fixture.event, fixture.mode()).unwrap();
    // A thin event is another one than the snapshot that it may name.
    let thin = if fixture.event["object"] == "v2.core.event" { "thin:" } else { "" };
    assert_eq!(reading.event_id, format!("{thin}{}", fixture.event["id"].as_str().unwrap()));
    let mut told = String::new();
    match reading.outcome {
        Outcome::Ignored { reason } => writeln!(told, "ignored: {reason}").unwrap(),
        Outcome::Code(code) => writeln!(told, "{code:?}").unwrap(),
        Outcome::Facts { facts, missing } => {
            for fact in facts {
                let identities: Vec<&str> = fact.identities.iter().map(Key::as_str).collect();
                let body = serde_json::to_string(&fact.body).unwrap();
                let (keep, rank, at) = (fact.keep, fact.rank, fact.at.format("%F %T"));
                writeln!(told, "{} ({keep:?}, rank {rank}, {at})", fact.natural_key).unwrap();
                writeln!(told, "    of {}", identities.join(" ")).unwrap();
                writeln!(told, "    {body}").unwrap();
            }
            for gap in missing {
                writeln!(told, "missing: {}", gap.fetch_id()).unwrap();
            }
        }
    }
    told
}
