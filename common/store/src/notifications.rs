//! Notifications: written with what they tell of, numbered in the order of commits, read by receivers.
//!
//! 1. Whoever changes something writes its notifications in the same transaction ([`write()`]): they exist when that commits,
//!    and only then.
//! 2. The sequencer numbers what is committed and puts it on its way to the endpoints that want it ([`give_sequence`]).
//! 3. It is sent ([`deliveries`](crate::deliveries)) or read from the feed ([`feed()`]), as one body, the same to the byte.

mod feed;

mod listener;
mod people;
mod prune;
mod sequence;
mod values;
mod write;

pub use feed::{Feed, feed, fresh, last_sequence, last_sequences};
pub use listener::Listener;
pub(crate) use people::Referrers;
pub use prune::{Pruned, outlived, prune};
pub use sequence::{Sequenced, give_sequence};
pub(crate) use values::{json, number, time};
pub(crate) use write::TRACE;
pub use write::{Cause, NewNotification, Referred, Referrer, keep_quiet, write};

use crate::{StoreError, decode, realm};
use chrono::{DateTime, Utc};
use domain::ids::Realm;
use domain::money::{Currency, Money};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::types::{Json, Uuid};

/// Where PostgreSQL says that something was written. `migrations/` has the name as well.
const CHANNEL: &str = "tributary_notifications";

/// A notification that has its place in the sequence.
#[derive(Clone, Debug)]
pub struct Notification {
    uid: Uuid,
    realm: Realm,
    sequence: i64,
    event: String,
    created_at: DateTime<Utc>,
    referrer: Option<Box<RawValue>>,
    referred: Option<Box<RawValue>>,
    data: Box<RawValue>,
    delta: Option<Money>,
    cause: Box<RawValue>,
}

/// As receivers get it.
#[derive(Serialize)]
struct Body<'a> {
    event: &'a str,
    timestamp: i64,
    project_id: String,
    referrer: Option<&'a RawValue>,
    referred: Option<&'a RawValue>,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    id: String,
    sequence: i64,
    livemode: bool,
    cause: &'a RawValue,
}

impl Notification {
    /// `ntf_…`: the same in every try and in the feed.
    #[must_use]
    pub fn id(&self) -> String {
        format!("ntf_{}", self.uid.simple())
    }

    /// Its place: 1, 2, 3 … in its project and mode.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// `domain::notification::Event`, by its name.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// When the transaction that wrote it began.
    #[must_use]
    pub fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// The body, always the same.
    ///
    /// # Errors
    /// [`StoreError::Other`] when an amount cannot be written, which no row of this program has.
    pub fn body(&self) -> Result<Box<RawValue>, StoreError> {
        let delta = self.delta.map(|delta| delta.to_decimal().parse()).transpose().map_err(decode)?;
        serde_json::value::to_raw_value(&Body {
            event: &self.event,
            timestamp: self.created_at.timestamp(),
            project_id: self.realm.project.to_string(),
            referrer: self.referrer.as_deref(),
            referred: self.referred.as_deref(),
            data: &self.data,
            delta,
            currency: self.delta.map(|delta| delta.currency.to_string()),
            id: self.id(),
            sequence: self.sequence,
            livemode: self.realm.mode.is_live(),
            cause: &self.cause,
        })
        .map_err(decode)
    }
}

/// The columns of a notification.
pub(crate) struct Row {
    pub(crate) uid: Uuid,
    pub(crate) project_id: i64,
    pub(crate) livemode: bool,
    pub(crate) sequence: i64,
    pub(crate) event: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) referrer: Option<Json<Box<RawValue>>>,
    pub(crate) referred: Option<Json<Box<RawValue>>>,
    pub(crate) data: Json<Box<RawValue>>,
    pub(crate) delta_minor: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) cause: Json<Box<RawValue>>,
}

impl TryFrom<Row> for Notification {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let delta = match (row.delta_minor, row.currency) {
            (Some(minor), Some(currency)) => {
                Some(Money { minor, currency: Currency::stored(&currency).map_err(decode)? })
            }
            _ => None,
        };
        Ok(Self {
            uid: row.uid,
            realm: realm(row.project_id, row.livemode),
            sequence: row.sequence,
            event: row.event,
            created_at: row.created_at,
            referrer: row.referrer.map(|json| json.0),
            referred: row.referred.map(|json| json.0),
            data: row.data.0,
            delta,
            cause: row.cause.0,
        })
    }
}
