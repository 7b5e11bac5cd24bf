//! From a kept body to what it tells. Pure: the worker calls it when a message comes, a replay when
//! history is run again, and both get the same.

use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::fact::{Fact, FactBody};
use domain::ids::Realm;
use domain::key::Key;
use domain::provider_code::ProviderCode;
use queue::envelope::Source;
use serde::de::DeserializeOwned;
use stripe::event::{self, Outcome, Reading, Unreadable};
use stripe::fetched::read_fetched;
use stripe::metadata::MetadataKeys;
use stripe::missing::Missing;

/// What a body tells, and under which name it is kept in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEvent {
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
    /// A code at the provider, for the registry.
    pub code: Option<ProviderCode>,
    /// Why it has no effects, when it has none.
    pub ignored: Option<String>,
}

/// The longest name of anything: Stripe's ids have up to 255 characters, an address up to 320, and a name of two of them
/// fits. An index takes 2,700 bytes at most.
const LONGEST_NAME: usize = 1_000;

/// The longest text that may be somebody's code; Stripe's metadata has 500 characters at most. A longer one is no code.
const LONGEST_CODE: usize = 500;

/// How many codes and coupons one event may tell. Stripe allows 20 discounts for one payment; what stands behind the
/// first thousand is not looked at.
const MOST_TOUCHES: usize = 1_000;

/// Why a body tells nothing, for whoever reads the dead letters. No text of the body is quoted: it
/// may hold personal data.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
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
    /// An identity that is longer than any that a provider gives; the database's indexes would refuse it.
    #[error("it names an object or a customer by {0} bytes; at most {LONGEST_NAME} are taken")]
    LongName(usize),
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
) -> Result<ReadEvent, ReadError> {
    let told = match source {
        Source::Stripe | Source::Backfill => {
            let reading = event::read(body, realm.mode, keys, received_at)?;
            let account = reading.account.clone().unwrap_or_default();
            told(account, reading)
        }
        // Its id names the account where there is one.
        Source::Fetched => told(String::new(), read_fetched(body, realm.mode, received_at)?),
        Source::Api => commanded(json(body, "command of the REST API")?),
        Source::Fetch | Source::Resettle | Source::Promotion => return Err(ReadError::Request(source)),
    };
    bounded(told)
}

/// What the database takes of it: whoever signs a body may write texts of any length and number, and one that is refused
/// at the end would cost its batch a transaction for each half.
fn bounded(mut told: ReadEvent) -> Result<ReadEvent, ReadError> {
    let mut touches = 0_usize;
    told.facts.retain(|fact| match &fact.body {
        FactBody::Touch(touch) => {
            touches += 1;
            touch.value.len() <= LONGEST_CODE && touches <= MOST_TOUCHES
        }
        _ => true,
    });
    let is_a_code =
        |code: &ProviderCode| [&code.id, &code.code].iter().all(|text| text.len() <= LONGEST_CODE);
    told.code = told.code.filter(is_a_code);
    let names = told.facts.iter().flat_map(|fact| {
        fact.identities.iter().map(Key::as_str).chain([fact.natural_key.as_str(), fact.event.as_str()])
    });
    let names = names.chain([told.account.as_str(), told.event_id.as_str()]);
    match names.map(str::len).max() {
        Some(longest) if longest > LONGEST_NAME => Err(ReadError::LongName(longest)),
        _ => Ok(told),
    }
}

/// Reads the body of a request.
///
/// # Errors
/// When it is not what it should be.
pub fn json<T: DeserializeOwned>(body: &[u8], what: &'static str) -> Result<T, ReadError> {
    let describe = |error: serde_json::Error| {
        format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
    };
    serde_json::from_slice(body).map_err(|error| ReadError::Body { what, reason: describe(error) })
}

fn told(account: String, reading: Reading) -> ReadEvent {
    let (facts, missing, code, ignored) = match reading.outcome {
        Outcome::Facts { facts, missing } => (facts, missing, None, None),
        Outcome::Code(code) => (Vec::new(), Vec::new(), Some(code), None),
        Outcome::Ignored { reason } => (Vec::new(), Vec::new(), None, Some(reason)),
    };
    ReadEvent {
        account,
        event_id: reading.event_id,
        event_type: reading.event_type,
        api_version: reading.api_version,
        occurred_at: reading.created,
        facts,
        missing,
        code,
        ignored,
    }
}

fn commanded(command: Command) -> ReadEvent {
    ReadEvent {
        account: String::new(),
        event_id: command.event_id(),
        event_type: command.event_type().to_owned(),
        api_version: None,
        occurred_at: command.occurred_at(),
        facts: vec![command.into_fact()],
        missing: Vec::new(),
        code: None,
        ignored: None,
    }
}
