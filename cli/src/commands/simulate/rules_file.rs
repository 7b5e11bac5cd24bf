//! A file with proposed rules.

use anyhow::Context;
use common::domain::rules::{DEFAULT_BACK_BIND_DAYS, DEFAULT_WINDOW_DAYS, Rules, SelfReferral};
use serde::Deserialize;
use std::{fs, path::Path};

/// The file, in words that people write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    commission: String,
    #[serde(default)]
    recurring: Option<String>,
    #[serde(default)]
    hold_days: u32,
    #[serde(default = "window_days")]
    window_days: u32,
    #[serde(default = "back_bind_days")]
    back_bind_days: u32,
    #[serde(default)]
    self_referral: SelfReferral,
    #[serde(default)]
    coupon_first: bool,
}

fn window_days() -> u32 {
    DEFAULT_WINDOW_DAYS
}

fn back_bind_days() -> u32 {
    DEFAULT_BACK_BIND_DAYS
}

/// Reads it.
pub(super) fn read(path: &Path) -> anyhow::Result<Rules> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} holds no rules", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Rules> {
    let file: File =
        if text.trim_start().starts_with('{') { serde_json::from_str(text)? } else { toml::from_str(text)? };
    Ok(Rules {
        commission: file.commission.parse().context("commission")?,
        recurring: file.recurring.as_deref().unwrap_or("all").parse().context("recurring")?,
        hold_days: file.hold_days,
        window_days: file.window_days,
        back_bind_days: file.back_bind_days,
        self_referral: file.self_referral,
        coupon_first: file.coupon_first,
        ..Rules::of(file.commission.parse().context("commission")?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = parse("commission = \"15.00usd\"\nrecurring = \"12-months\"\nhold_days = 30").unwrap();
        let json = parse(r#"{"commission": "15.00usd", "recurring": "12-months", "hold_days": 30}"#).unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml.window_days, 60);
    }

    #[test]
    fn a_mistake_is_named() {
        let reason = |text: &str| format!("{:#}", parse(text).unwrap_err());
        assert!(reason("commision = \"20%\"").contains("commision"), "{}", reason("commision = \"20%\""));
        assert!(
            reason("commission = \"20\"").starts_with("commission: "),
            "{}",
            reason("commission = \"20\"")
        );
    }
}
