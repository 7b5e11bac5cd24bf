//! docs/SEMANTICS.md is held by tests that exist.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};

use crate::tree;

#[test]
fn every_rule_names_the_tests_that_hold_it() -> Result<()> {
    let page = tree::read("docs/SEMANTICS.md")?;
    let mut expected = 1;
    for section in page.split("\n## ").skip(1) {
        let Some((number, _)) = section.split_once(". ") else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        ensure!(number == expected, "rule {expected} is missing or out of its place");
        expected += 1;
        let held =
            section.split_once("\nHeld by ").with_context(|| format!("no test holds rule {number}"))?.1;
        ensure!(!names(held).is_empty(), "no test holds rule {number}");
    }
    ensure!(expected > 20, "only {} rules were found", expected - 1);
    Ok(())
}

#[test]
fn every_test_that_the_law_names_exists() -> Result<()> {
    let functions: BTreeSet<String> =
        tree::files(&[".rs"])?.iter().flat_map(|file| functions(&file.text)).collect();
    let page = tree::read("docs/SEMANTICS.md")?;
    let missing: Vec<&str> = names(&page).into_iter().filter(|name| !functions.contains(*name)).collect();
    ensure!(missing.is_empty(), "docs/SEMANTICS.md names tests that do not exist: {missing:?}");
    Ok(())
}

/// The words in back quotes that are names of tests: three words at least.
fn names(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            word.split('_').count() > 3
                && word.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
        })
        .collect()
}

fn functions(source: &str) -> impl Iterator<Item = String> {
    source
        .split("fn ")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| *c == '_' || c.is_ascii_alphanumeric()).collect::<String>())
}
