//! Books that a receiver keeps, of notifications alone (docs/NOTIFICATIONS.md, "Keeping books").

use anyhow::{Context, Result, ensure};
use domain::money::{Currency, Money};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an affiliate is owed in a currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What may be asked for.
    pub payable: i64,
    /// What is held.
    pub held: i64,
}

impl Account {
    /// What a statement says at its end.
    #[must_use]
    pub fn closing(self) -> i64 {
        self.payable.saturating_add(self.held)
    }
}

/// By affiliate and currency.
pub type Books = BTreeMap<(String, String), Account>;

/// Books of these notifications, in any order, each once.
///
/// # Errors
/// When one says no amount, or of nobody.
pub fn of<'a>(notifications: impl IntoIterator<Item = &'a Value>) -> Result<Books> {
    let mut books = Books::new();
    for notification in notifications {
        let event = notification["event"].as_str().context("no event")?;
        if !event.starts_with("commission_") {
            ensure!(notification.get("delta").is_none(), "{notification}");
            continue;
        }
        let text = |pointer| notification.pointer(pointer).and_then(Value::as_str).context(pointer);
        let (affiliate, currency) = (text("/referrer/id")?.to_owned(), text("/currency")?.to_owned());
        let money = Money::parse(&notification["delta"].to_string(), Currency::stored(&currency)?)?;
        let account = books.entry((affiliate, currency)).or_default();
        account.payable = account.payable.saturating_add(money.minor);
        if matches!(event, "commission_held" | "commission_released") {
            account.held = account.held.saturating_sub(money.minor);
        }
    }
    Ok(books)
}
