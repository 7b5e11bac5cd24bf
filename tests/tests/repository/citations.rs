//! What code and pages cite can be looked up in the repository.

use anyhow::{Context as _, Result, ensure};

use crate::tree;

const CITING: [&str; 4] = [".rs", ".sql", ".md", ".sh"];

#[test]
fn every_rule_that_is_cited_stands_in_the_law() -> Result<()> {
    let rules = sections(&tree::read("docs/SEMANTICS.md")?);
    let cited = each_citation("SEMANTICS ", |citation| {
        let numbers = citation.numbers();
        let points = citation.point.is_none_or(|point| {
            numbers
                .iter()
                .all(|n| rules.iter().any(|(m, text)| m == n && text.contains(&format!("- {point}) "))))
        });
        points && numbers.iter().all(|n| rules.iter().any(|(m, _)| m == n))
    })?;
    ensure!(cited > 100, "only {cited} citations were found");
    Ok(())
}

#[test]
fn every_promise_that_is_cited_is_made() -> Result<()> {
    let page = tree::read("docs/ARCHITECTURE.md")?;
    let promises = page.split_once("\n## Promises\n").context("no promises")?.1;
    let promises = promises.split("\n## ").next().unwrap_or_default();
    let cited = each_citation("ARCHITECTURE, promise ", |citation| {
        citation.numbers().iter().all(|n| promises.contains(&format!("\n{n}. **")))
    })?;
    ensure!(cited >= 3, "only {cited} citations were found");
    Ok(())
}

#[test]
fn every_decision_that_is_cited_is_recorded() -> Result<()> {
    let records = tree::files(&[".md"])?;
    let cited = each_citation("ADR ", |citation| {
        citation
            .numbers()
            .iter()
            .all(|n| records.iter().any(|file| file.name.starts_with(&format!("docs/adr/{n:04}-"))))
    })?;
    ensure!(cited > 10, "only {cited} citations were found");
    Ok(())
}

#[test]
fn every_link_of_a_page_leads_somewhere() -> Result<()> {
    let root = tree::root()?;
    let mut broken = Vec::new();
    for page in tree::files(&[".md"])? {
        let folder = root.join(&page.name).parent().context("a page lies in a folder")?.to_path_buf();
        for target in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if !target.contains("://") && !path.is_empty() && !folder.join(path).exists() {
                broken.push(format!("{}: {target}", page.name));
            }
        }
    }
    ensure!(broken.is_empty(), "broken links: {broken:#?}");
    Ok(())
}

/// `SEMANTICS 4 c`, `SEMANTICS 7–10`, `SEMANTICS 11, 12`.
struct Citation {
    first: u32,
    more: Vec<u32>,
    through: Option<u32>,
    /// The letter after a number.
    point: Option<char>,
}

impl Citation {
    /// What follows the name of the page. `None` when it is no number.
    fn read(text: &str) -> Option<Self> {
        let (first, mut rest) = number(text)?;
        let point = rest
            .strip_prefix(' ')
            .and_then(|rest| rest.chars().next().filter(char::is_ascii_lowercase).zip(rest.chars().nth(1)))
            .filter(|(_, next)| !next.is_alphanumeric())
            .map(|(point, _)| point);
        let through =
            ["–", "-", " to "].iter().find_map(|dash| number(rest.strip_prefix(dash)?)).map(|(n, _)| n);
        let mut more = Vec::new();
        while let Some((next, after)) =
            [", ", " and "].iter().find_map(|comma| number(rest.strip_prefix(comma)?))
        {
            more.push(next);
            rest = after;
        }
        Some(Self { first, more, through, point })
    }

    fn numbers(&self) -> Vec<u32> {
        (self.first..=self.through.unwrap_or(self.first)).chain(self.more.iter().copied()).collect()
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// The rules by number, each with its text.
fn sections(page: &str) -> Vec<(u32, String)> {
    page.split("\n## ").skip(1).filter_map(|section| Some((number(section)?.0, section.to_owned()))).collect()
}

/// How often a page is cited; fails where a citation is not as it should be.
fn each_citation(of: &str, holds: impl Fn(&Citation) -> bool) -> Result<usize> {
    let (mut count, mut wrong) = (0, Vec::new());
    for file in tree::files(&CITING)? {
        for (index, line) in file.text.lines().enumerate() {
            for citation in line.split(of).skip(1).filter_map(Citation::read) {
                count += 1;
                if !holds(&citation) {
                    wrong.push(format!("{}:{}: {}", file.name, index + 1, line.trim()));
                }
            }
        }
    }
    ensure!(wrong.is_empty(), "these cite what is not there: {wrong:#?}");
    Ok(count)
}
