//! Dead letters: what no worker could settle, and what becomes of it.

pub(crate) mod all;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod show;

use crate::page::Page;
use chrono::{DateTime, TimeDelta, Utc};
use queue::dead_letters::Filter;
use serde::Deserialize;

/// What a retry does, which people ask.
pub(crate) const RETRY: &str = "A retry puts the message on the queue again, as it came. When what was wrong is mended it is settled, once, whatever \
    was settled meanwhile; when it is not, it comes back here.";

/// Which dead letters, as a form says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A part of the reason.
    pub(crate) reason: String,
    /// Where the message came from.
    pub(crate) source: String,
    /// At least so many hours old.
    pub(crate) hours: String,
    pub(crate) after: String,
    pub(crate) done: String,
}

impl Asked {
    /// The same for the queue, in this project and mode.
    pub(crate) fn filter(&self, page: &Page, now: DateTime<Utc>) -> Filter {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let hours: Option<i64> = self.hours.trim().parse().ok();
        let died_before = hours.and_then(TimeDelta::try_hours).and_then(|age| now.checked_sub_signed(age));
        Filter {
            project: Some(page.realm.project),
            mode: Some(page.realm.mode),
            reason: text(&self.reason),
            source: text(&self.source),
            died_before,
            before: None,
        }
    }

    /// For the links of the list.
    pub(crate) fn query(&self) -> [(&'static str, &str); 3] {
        [("reason", &self.reason), ("source", &self.source), ("hours", &self.hours)]
    }
}
