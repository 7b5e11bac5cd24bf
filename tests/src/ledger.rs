//! What affiliates earned, as the ledger has it.

use anyhow::Result;
use domain::ids::Realm;
use std::collections::BTreeMap;
use store::{PgPool, overview};

/// What the demo's history earns, worked out by hand in `cli/src/demo/history.rs`: affiliate, currency,
/// and the commission in minor units net of what was taken back.
pub const OF_THE_DEMO: [(&str, &str, i64); 5] = [
    ("ANNA", "jpy", 2_400),
    ("ANNA", "usd", 4_830),
    ("BEN", "eur", 3_380),
    ("BEN", "usd", 3_540),
    ("CLEO", "usd", 3_360),
];

/// Affiliate, currency and net commission of a project, in the form of [`OF_THE_DEMO`].
///
/// # Errors
/// When the database fails.
pub async fn earned(pool: &PgPool, realm: Realm) -> Result<Vec<(String, String, i64)>> {
    let mut connection = pool.acquire().await?;
    let ids = overview::in_realm(&mut connection, realm).await?;
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in overview::of(&mut connection, &ids).await? {
        let Some(code) = row.affiliate.and_then(|affiliate| affiliate.code) else { continue };
        let sum = sums.entry((code, row.base.currency.to_string())).or_default();
        *sum += row.commission.minor - row.taken_back.minor;
    }
    Ok(sums.into_iter().map(|((code, currency), sum)| (code, currency, sum)).collect())
}

/// [`OF_THE_DEMO`], to compare with.
#[must_use]
pub fn of_the_demo() -> Vec<(String, String, i64)> {
    OF_THE_DEMO.map(|(code, currency, sum)| (code.to_owned(), currency.to_owned(), sum)).to_vec()
}
