//! What people decide: kept with who, when and why, and put on the queue, both or neither (SEMANTICS 14, 4 a).

mod lock;
mod rule;
mod subject;

pub use lock::{LockTo, lock, unlock};
pub use rule::rule;
pub use subject::{customer_keys, find, payment};

use crate::{Error, Outbox};
use chrono::{DateTime, SubsecRound, Utc};
use domain::{command::Command, decision::Audit, ids::Realm, key::Key};
use store::{
    PgConnection,
    decisions::{self, DecisionKind, NewDecision},
};

/// Far longer than a reason need be, in characters.
const MAX_REASON: usize = 1_000;

/// A decision that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its number.
    pub id: i64,
    /// Project and mode.
    pub realm: Realm,
    /// The customer or the payment.
    pub subject: Key,
    /// What was decided, in a word or two.
    pub what: String,
    /// Who, when and why.
    pub audit: Audit,
    /// What to wait for with [`Completions`](crate::completion::Completions).
    pub event: String,
    /// The message to the workers, for [`queue::waiting`].
    pub message: i64,
}

/// Who decides, when and why.
///
/// # Errors
/// [`Error::Invalid`] when it is not said who or why, or at too great a length.
pub fn audit(actor: &str, reason: &str, now: DateTime<Utc>) -> Result<Audit, Error> {
    let (actor, reason) = (actor.trim(), reason.trim());
    if reason.is_empty() {
        return Err(Error::invalid("reason", "A decision has a reason"));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(Error::invalid("reason", format!("reason has more than {MAX_REASON} characters")));
    }
    if actor.is_empty() {
        return Err(Error::invalid("actor", "A decision is somebody's"));
    }
    // What the database keeps, to the microsecond.
    Ok(Audit { actor: actor.to_owned(), reason: reason.to_owned(), decided_at: now.trunc_subsecs(6) })
}

/// Keeps a decision and puts its command on the queue.
async fn decide(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    (kind, subject, what): (DecisionKind, Key, String),
    audit: Audit,
    command: impl FnOnce(i64, DateTime<Utc>) -> Command,
) -> Result<Decided, Error> {
    let new = NewDecision { kind, subject: &subject, decided: &what, audit: &audit };
    let id = decisions::add(connection, realm, new).await?;
    let command = command(id, audit.decided_at);
    let outbox = Outbox { now: audit.decided_at, ..outbox };
    let message = outbox.command(connection, realm, &command).await?;
    Ok(Decided { id, realm, subject, what, audit, event: command.event_id(), message })
}
