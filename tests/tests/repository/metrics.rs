//! What is shipped for watching names metrics that the programs have, and each of those says what it is.

use crate::tree;
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeSet;

const SOURCES: [&str; 3] = ["api/src/", "common/", "worker/src/"];

/// A metric's constant and the file that declares it.
struct Metric {
    constant: String,
    name: String,
    text: String,
}

#[test]
fn alerts_and_dashboards_name_metrics_that_exist() -> Result<()> {
    let known: BTreeSet<String> = metrics()?.into_iter().map(|metric| metric.name).collect();
    let mut named = 0;
    for file in
        tree::files(&["deploy/prometheus/alerts.yml", "deploy/grafana/tributary.json", "worker.yaml"])?
    {
        for name in words(&file.text) {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            named += 1;
            ensure!(
                known.contains(name) || family.is_some_and(|family| known.contains(family)),
                "{} names {name}, which is no metric",
                file.name
            );
        }
    }
    ensure!(named > 40, "only {named} metrics are named: are the files there?");
    Ok(())
}

#[test]
fn every_metric_says_what_it_is() -> Result<()> {
    for Metric { constant, name, text } in metrics()? {
        let described = ["counter", "gauge", "histogram"].iter().any(|kind| {
            let call = format!("describe_{kind}!(");
            text.match_indices(&call).any(|(at, _)| {
                let argument = text.get(at + call.len()..).unwrap_or_default().trim_start();
                argument.strip_prefix(&constant).is_some_and(|rest| rest.starts_with(','))
            })
        });
        ensure!(described, "{name} has no HELP");
        ensure!(!name.contains("_ms") && !name.ends_with("_milliseconds"), "{name}: times are in seconds");
    }
    Ok(())
}

/// All that are declared as `const NAME: &str = "tributary_…"`.
fn metrics() -> Result<Vec<Metric>> {
    let mut metrics = Vec::new();
    for file in tree::files(&[".rs"])?.into_iter().filter(|file| is_source(&file.name)) {
        for line in file.text.lines() {
            let Some((declaration, value)) = line.split_once(": &str = \"tributary_") else { continue };
            let constant = declaration.rsplit(' ').next().context("a constant has a name")?.to_owned();
            let name = format!("tributary_{}", value.trim_end_matches(['"', ';']));
            // Channels of PostgreSQL have shorter names.
            if name.matches('_').count() < 2 {
                continue;
            }
            metrics.push(Metric { constant, name, text: file.text.clone() });
        }
    }
    ensure!(metrics.len() > 25, "only {} metrics are found", metrics.len());
    Ok(metrics)
}

fn is_source(name: &str) -> bool {
    SOURCES.iter().any(|source| name.starts_with(source)) && !name.contains("/tests")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .filter(|word| word.starts_with("tributary_"))
}
