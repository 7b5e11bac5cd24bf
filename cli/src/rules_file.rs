//! Rules in a file: TOML or JSON (docs/RULES.md).
//!
//! What `project show --json` prints of a version of the rules is such a file again.

#[cfg(test)]
mod page;

use anyhow::Context;
use app::rules::WrittenRules;
use domain::rules::Rules;
use std::{fs, path::Path};

/// Reads a file whose rules make sense.
pub(crate) fn read(path: &Path) -> anyhow::Result<Rules> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} holds no rules", path.display()))
}

/// Reads the text of a file.
pub(crate) fn parse(text: &str) -> anyhow::Result<Rules> {
    let written: WrittenRules =
        if text.trim_start().starts_with('{') { serde_json::from_str(text)? } else { toml::from_str(text)? };
    Ok(written.rules()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field, as docs/RULES.md shows it.
    const FULL: &str = include_str!("../tests/data/rules.toml");

    fn reason(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = parse("commission = \"15.00usd\"\nrecurring = \"12-months\"\nhold_days = 30").unwrap();
        let json = parse(r#"{"commission": "15.00usd", "recurring": "12-months", "hold_days": 30}"#).unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml.window_days, 60);
    }

    #[test]
    fn what_is_shown_of_rules_can_be_fed_back() {
        let rules = parse(FULL).unwrap();
        assert_eq!(rules.commissions().count(), 8);
        let shown = serde_json::to_string(&WrittenRules::from(&rules)).unwrap();
        assert_eq!(parse(&shown).unwrap(), rules);
        let toml = toml::to_string(&WrittenRules::from(&rules)).unwrap();
        assert_eq!(parse(&toml).unwrap(), rules);
        let least = parse("commission = \"20%\"").unwrap();
        let shown = serde_json::to_value(WrittenRules::from(&least)).unwrap();
        assert_eq!(parse(&shown.to_string()).unwrap(), least);
        assert_eq!(shown["recurring"], "all");
    }

    #[test]
    fn a_mistake_is_named() {
        assert!(reason("commision = \"20%\"").contains("commision"));
        assert!(reason("commission = \"20\"").starts_with("commission: "));
        let full = |from: &str, to: &str| reason(&FULL.replace(from, to));
        assert!(full("30%", "130%").starts_with("category Books: "));
        assert!(full("100.00usd", "100").starts_with("max_commission: \"100\" is no amount"));
        assert!(full("100.00usd", "100.001usd").starts_with("max_commission: 100.001 has more decimals"));
        assert!(full("LAUNCH =", "launch = \"1%\"\nLAUNCH =").contains("is there twice"));
        assert!(full("prod_handbook", "handbook").contains("\"handbook\" is no product"));
        assert!(full("max_payments = 24", "max_payments = 0").contains("at least 1"));
    }
}
