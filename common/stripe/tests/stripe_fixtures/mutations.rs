//! Whatever a payload lacks, it is read or refused with a reason, and what is read can be settled.

use crate::corpus::{all, read_event};
use chrono::DateTime;
use domain::directory::Directory;
use domain::fact::Fact;
use domain::ids::{Mode, RuleId};
use domain::rules::{RuleVersion, Rules};
use domain::settle::{KnownFact, settle};
use serde_json::{Value, json};
use stripe::event::Outcome;

/// One way to damage a field.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Dropped,
    Null,
    AnotherType,
}

#[test]
fn an_event_without_any_one_field_is_read_or_refused_with_the_fields_name() {
    let Counts { read, refused } = damage_everything(Damage::Dropped);
    assert!(read > 5 * refused && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn an_event_with_null_in_any_one_field_is_read_or_refused() {
    let Counts { read, refused } = damage_everything(Damage::Null);
    assert!(read > 5 * refused && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn an_event_with_something_else_in_any_one_field_is_read_or_refused() {
    let Counts { read, refused } = damage_everything(Damage::AnotherType);
    assert!(read > refused && refused > 100, "{read} read, {refused} refused");
}

#[derive(Default)]
struct Counts {
    read: u32,
    refused: u32,
}

/// Reads every fixture once for each of its fields, damaged. What is told can be settled, and what is
/// refused is refused with a reason.
fn damage_everything(damage: Damage) -> Counts {
    let mut counts = Counts::default();
    for fixture in all() {
        let whole = read_event(&fixture.event, fixture.mode()).unwrap().outcome;
        for path in fields(&fixture.event) {
            let what = format!("{}/{} with {path} {damage:?}", fixture.version, fixture.name);
            match read_event(&damaged(&fixture.event, &path, damage), fixture.mode()) {
                Ok(reading) => {
                    counts.read += 1;
                    if reading.outcome != whole
                        && let Outcome::Facts { facts, .. } = reading.outcome
                    {
                        settles(facts, &what);
                    }
                }
                Err(error) => {
                    counts.refused += 1;
                    let reason = error.to_string();
                    assert!(reason.len() > 20, "{what}: {reason}");
                    let object = path.strip_prefix("/data/object/");
                    if let (Some(path), Damage::Dropped) = (object, damage) {
                        let field = path.split('/').next().unwrap();
                        assert!(reason.contains(field), "{what}: {reason} does not name the field");
                    }
                }
            }
        }
    }
    counts
}

#[test]
fn an_event_that_does_not_tell_its_mode_is_of_the_secrets() {
    for fixture in all() {
        let event = damaged(&fixture.event, "/livemode", Damage::Dropped);
        for mode in [Mode::Live, Mode::Test] {
            let told = read_event(&event, mode).unwrap().outcome;
            let usual = read_event(&fixture.event, fixture.mode()).unwrap().outcome;
            assert_eq!(told, usual, "{}/{}", fixture.version, fixture.name);
        }
    }
}

fn settles(facts: Vec<Fact>, what: &str) {
    for fact in &facts {
        assert!(!fact.identities.is_empty(), "{what}: {} can never be found", fact.natural_key);
    }
    let known = |fact| KnownFact::new(fact, DateTime::UNIX_EPOCH);
    let known: Vec<KnownFact> = facts.into_iter().map(known).collect();
    let commission = json!({"commission": {"kind": "percent", "basis_points": 2_000}});
    let rules: Rules = serde_json::from_value(commission).unwrap();
    let rules = [RuleVersion { id: RuleId(1), valid_from: None, rules }];
    settle(&known, &rules, &Directory::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
}

/// The JSON pointers of every field, at every depth.
fn fields(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    let mut visit = |name: &str, child: &Value| {
        paths.push(format!("/{name}"));
        paths.extend(fields(child).into_iter().map(|path| format!("/{name}{path}")));
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, child)| visit(&escaped(name), child)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, child)| visit(&n.to_string(), child));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    paths
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn damaged(event: &Value, path: &str, damage: Damage) -> Value {
    let mut event = event.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    match (damage, event.pointer_mut(parent).unwrap()) {
        (Damage::Dropped, Value::Object(map)) => {
            map.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        (Damage::Dropped, Value::Array(items)) => {
            items.remove(name.parse().unwrap());
        }
        (Damage::Dropped | Damage::Null, _) => *event.pointer_mut(path).unwrap() = Value::Null,
        (Damage::AnotherType, _) => {
            let value = event.pointer_mut(path).unwrap();
            *value = if value.is_object() { json!("text") } else { json!({"unexpected": [1, "x"]}) };
        }
    }
    event
}
