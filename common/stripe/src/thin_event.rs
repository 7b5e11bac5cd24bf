//! A thin event whose object has yet to be fetched.

use super::wrapped::{self, Wrapped};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// In front of its id in the inbox: there it has a row of its own, so that its twin is still news.
pub(super) const INBOX: &str = "thin:";

/// A thin event whose object has yet to be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThinEvent {
    /// `evt_…`, its own.
    pub id: String,
    /// The type of its twin: `invoice.paid` of `v1.invoice.paid`.
    pub event_type: String,
    /// `evt_…` of the snapshot event that tells the same.
    pub snapshot: Option<String>,
    /// `in_…`: what it is about.
    pub object: Option<String>,
    /// The path at which that is, `/v1/invoices/in_…`.
    pub path: Option<String>,
    /// The connected account, when it is not the project's own.
    pub account: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

impl ThinEvent {
    /// The inbox id of what is fetched where there is no twin, or Stripe does not keep it any more: 30 days.
    pub(super) fn fetch_id(&self) -> String {
        format!("fetch:{INBOX}{}", self.id)
    }

    /// Its object as Stripe shows it now, as the body of the event that it is about. None when the answer is no object.
    #[must_use]
    pub fn with_object(&self, object: &str) -> Option<Vec<u8>> {
        let event = Wrapped {
            id: &self.fetch_id(),
            event_type: &self.event_type,
            created: self.at,
            account: self.account.as_deref(),
        };
        wrapped::event(&event, object)
    }
}
