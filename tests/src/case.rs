//! Small Stripe histories with what they must come to, one a file in `tests/data/cases`.

mod enter;
mod expected;
mod orders;

pub use expected::Expected;
pub use orders::orders;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use domain::{
    money::BasisPoints,
    rules::{Commission, Rules},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fs, path::Path};

/// A history and its outcome.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// What goes wrong elsewhere, and what is right.
    pub kind: String,
    /// By referral code.
    #[serde(default = "anna")]
    pub affiliates: BTreeMap<String, Affiliate>,
    /// What a payment earns.
    #[serde(default = "a_fifth")]
    pub rules: Rules,
    /// The bodies, with times to be [filled in](Self::bodies). Kept as they are written: not every text that Stripe's
    /// clients take fits into a string of Rust.
    events: Vec<Box<RawValue>>,
    /// By payment key.
    pub expect: BTreeMap<String, Expected>,
}

/// An affiliate of a case.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Affiliate {
    /// What customers may type.
    pub coupons: Vec<Coupon>,
}

/// A coupon of an affiliate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// What the customer types.
    pub code: String,
    /// Stripe's id of the coupon.
    pub stripe_coupon: Option<String>,
    /// Stripe's id of the promotion code.
    pub promotion_code: Option<String>,
}

impl Case {
    /// Every case, in order of name.
    ///
    /// # Errors
    /// When a file cannot be read, or there is none.
    pub fn all() -> Result<Vec<Self>> {
        let mut cases = Vec::new();
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cases"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                cases.push(Self::read(&path).with_context(|| path.display().to_string())?);
            }
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        ensure!(!cases.is_empty(), "there are no cases");
        Ok(cases)
    }

    fn read(path: &Path) -> Result<Self> {
        let case: Self = serde_json::from_str(&fs::read_to_string(path)?)?;
        ensure!(
            !case.events.is_empty() && !case.expect.is_empty(),
            "a case has events and expects something"
        );
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, ..case })
    }

    /// The bodies of the events, in the order in which the file has them, with T0 at that time.
    ///
    /// # Errors
    /// When what follows a `T` is no number of seconds.
    pub fn bodies(&self, t0: DateTime<Utc>) -> Result<Vec<String>> {
        self.events.iter().map(|event| with_times(event.get(), t0.timestamp())).collect()
    }
}

/// A body with seconds in place of every `"T"`, `"T+n"` and `"T-n"`.
fn with_times(body: &str, t0: i64) -> Result<String> {
    let mut pieces = body.split("\"T");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let text = piece.split('"').next().unwrap_or_default();
        if text.is_empty() || text.starts_with(['+', '-']) {
            let apart: i64 =
                if text.is_empty() { 0 } else { text.parse().with_context(|| format!("T{text}"))? };
            filled += &t0.saturating_add(apart).to_string();
            filled += piece.get(text.len().saturating_add(1)..).unwrap_or_default();
        } else {
            filled += "\"T";
            filled += piece;
        }
    }
    Ok(filled)
}

fn anna() -> BTreeMap<String, Affiliate> {
    BTreeMap::from([("ANNA".to_owned(), Affiliate::default())])
}

fn a_fifth() -> Rules {
    Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_t0_and_other_texts_stay() {
        let body = r#"{"created":"T","at":["T+60","T-5"],"id":"Tom","description":"T\ud83d","name":"\"T\""}"#;
        let filled = r#"{"created":100,"at":[160,95],"id":"Tom","description":"T\ud83d","name":"\"T\""}"#;
        assert_eq!(with_times(body, 100).unwrap(), filled);
        assert!(with_times(r#"{"created":"T+soon"}"#, 100).is_err());
    }
}
