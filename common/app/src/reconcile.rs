//! Comparing Stripe's events of the last days with the inbox: what an endpoint missed is put on the queue as if it had come.

mod objects;

pub use objects::{Compared, compare_objects};

use crate::Error;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::Realm;
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use store::reconciliations::{self, Reconciliation};
use store::{Connection, PgConnection, completion};
use stripe::client::{FetchError, Lists, Span};
use stripe::event::Listed;

/// Stripe keeps events for 30 days (<https://docs.stripe.com/api/events/list>).
pub const MOST_DAYS: u32 = 30;

/// What is younger may be on its way.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(5);

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database failed.
    #[error(transparent)]
    App(#[from] Error),
    /// Stripe did not answer, or refused.
    #[error("Stripe cannot be asked: {0}")]
    Stripe(#[from] FetchError),
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<store::SqlxError> for Failure {
    fn from(error: store::SqlxError) -> Self {
        Self::App(error.into())
    }
}

/// Compares the events of the last so many days, [`MOST_DAYS`] at most, puts what is missing on the queue, and writes down what
/// was found. An event counts as received when it was made (ADR 46).
///
/// # Errors
/// [`Failure`]; what was put on the queue before stays there.
pub async fn reconcile(
    connection: &mut PgConnection,
    queue: &Prefix,
    lists: &Lists,
    realm: Realm,
    days: u32,
    now: DateTime<Utc>,
) -> Result<Reconciliation, Failure> {
    let until = now - ON_ITS_WAY;
    let since = now - TimeDelta::days(i64::from(days.min(MOST_DAYS)));
    let span = Span { since, until };
    let mut done = Reconciliation { realm, since, until, seen: 0, missing: Vec::new() };
    let mut after: Option<String> = None;
    loop {
        let page = lists.events(span, after.as_deref()).await?;
        let listed: Vec<(Listed, &String)> = page
            .objects
            .iter()
            .filter_map(|body| Some((Listed::read(body)?, body)))
            .filter(|(event, _)| event.is_read())
            .collect();
        done.seen += listed.len();
        let asked: Vec<_> = listed.iter().map(|(event, _)| (realm, event.id.clone())).collect();
        let known = completion::settled(connection, &asked).await?;
        let missing: Vec<_> =
            listed.iter().filter(|(event, _)| !known.iter().any(|(_, id)| *id == event.id)).collect();
        let envelopes: Vec<Envelope> = missing
            .iter()
            .map(|(event, body)| {
                let body = body.as_bytes().to_vec().into();
                Envelope::new(Source::Stripe, realm, body, event.created.unwrap_or(now))
            })
            .collect();
        enqueue_all(connection, queue, &envelopes.iter().collect::<Vec<_>>()).await?;
        done.missing.extend(missing.iter().map(|(event, _)| event.id.clone()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut transaction = connection.begin().await?;
    reconciliations::add(&mut transaction, &done, now).await?;
    transaction.commit().await?;
    Ok(done)
}
