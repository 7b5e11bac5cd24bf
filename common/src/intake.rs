//! From a kept body to what it tells. Pure: the worker calls it when a message comes, a replay when
//! history is run again, and both get the same.

use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::fact::Fact;
use domain::ids::Realm;
use queue::envelope::Source;
use serde::de::DeserializeOwned;
use stripe::event::{self, Outcome, Reading, Unreadable};
use stripe::fetched::read_fetched;
use stripe::metadata::MetadataKeys;
use stripe::missing::Missing;

/// What a body tells, and under which name it is kept in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The connected Stripe account; empty for the project's own.
    pub account: String,
    /// `evt_…`, `fetch:…`, or the name of a REST command.
    pub event_id: String,
    /// Stripe's type, or the command's.
    pub event_type: String,
    /// The Stripe API version that shaped the body.
    pub api_version: Option<String>,
    /// The event's own time.
    pub occurred_at: DateTime<Utc>,
    /// The facts.
    pub facts: Vec<Fact>,
    /// What the payload lacked.
    pub missing: Vec<Missing>,
    /// Why it has no effects, when it has none.
    pub ignored: Option<String>,
}

/// Why a body tells nothing, for whoever reads the dead letters. No text of the body is quoted: it
/// may hold personal data.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// A Stripe event that cannot be read.
    #[error(transparent)]
    Stripe(#[from] Unreadable),
    /// JSON of another shape, or none.
    #[error("the body is not a {what}: {reason}")]
    Body {
        /// What it should be.
        what: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// A request to do something, which tells nothing by itself.
    #[error("a message of source {0:?} tells no facts")]
    Request(Source),
}

/// Reads a body that tells facts. `keys` are the metadata keys that carry referral codes.
///
/// # Errors
/// When it cannot be read, or is a request rather than news.
pub fn read(
    source: Source,
    body: &[u8],
    realm: Realm,
    received_at: DateTime<Utc>,
    keys: &MetadataKeys,
) -> Result<Told, Untold> {
    match source {
        Source::Stripe => {
            let reading = event::read(body, realm.mode, keys, received_at)?;
            let account = reading.account.clone().unwrap_or_default();
            Ok(told(account, reading))
        }
        // Its id names the account where there is one.
        Source::Fetched => Ok(told(String::new(), read_fetched(body, realm.mode, received_at)?)),
        Source::Api => Ok(commanded(json(body, "command of the REST API")?)),
        Source::Fetch | Source::Resettle => Err(Untold::Request(source)),
    }
}

/// Reads the body of a request.
///
/// # Errors
/// When it is not what it should be.
pub fn json<T: DeserializeOwned>(body: &[u8], what: &'static str) -> Result<T, Untold> {
    let describe = |error: serde_json::Error| {
        format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
    };
    serde_json::from_slice(body).map_err(|error| Untold::Body { what, reason: describe(error) })
}

fn told(account: String, reading: Reading) -> Told {
    let (facts, missing, ignored) = match reading.outcome {
        Outcome::Facts { facts, missing } => (facts, missing, None),
        Outcome::Ignored { reason } => (Vec::new(), Vec::new(), Some(reason)),
    };
    Told {
        account,
        event_id: reading.event_id,
        event_type: reading.event_type,
        api_version: reading.api_version,
        occurred_at: reading.created,
        facts,
        missing,
        ignored,
    }
}

fn commanded(command: Command) -> Told {
    Told {
        account: String::new(),
        event_id: command.event_id(),
        event_type: command.event_type().to_owned(),
        api_version: None,
        occurred_at: command.occurred_at(),
        facts: vec![command.into_fact()],
        missing: Vec::new(),
        ignored: None,
    }
}
