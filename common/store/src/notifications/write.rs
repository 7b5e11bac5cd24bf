//! Writes notifications, in the transaction of what they tell of.

use super::CHANNEL;
use crate::{PgConnection, StoreError, decode};
use domain::ids::Realm;
use domain::money::Money;
use domain::notification::Event;
use serde::Serialize;
use serde_json::Value;

/// A notification to be written.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// The project and mode.
    pub realm: Realm,
    /// What happened.
    pub event: Event,
    /// The affiliate.
    pub referrer: Option<Referrer>,
    /// The customer.
    pub referred: Option<Referred>,
    /// The whole object after the change, as REST gives it: a JSON document.
    pub data: String,
    /// By how much the affiliate's payable balance changed.
    pub delta: Option<Money>,
    /// What brought it about.
    pub cause: Cause,
    /// The movement that it tells of.
    pub ledger_entry: Option<i64>,
}

/// An affiliate, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Referrer {
    /// Its id, as a text.
    pub id: String,
    /// Its address.
    pub email: String,
    /// The SaaS company's own notes on how to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payout_preferences: Option<Value>,
}

/// A customer, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Referred {
    /// Its id, as a text.
    pub id: String,
    /// Its address, when it is known.
    pub email: Option<String>,
}

/// What brought something about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The event: `evt_…`, or the name of a command.
    pub event: Option<String>,
    /// Who, when a person did.
    pub actor: Option<String>,
    /// Why, in that person's words; or what the service does on its own.
    pub reason: Option<String>,
}

const QUIET: &str = "tributary.quiet";

/// The setting of a transaction that says in which trace its notifications are written; empty for none.
pub(crate) const TRACE: &str = "tributary.trace";

/// Nothing is written for the rest of the transaction: for a first import of what happened long ago.
///
/// # Errors
/// When the database fails.
pub async fn keep_quiet(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query_scalar!("SELECT set_config($1, 'on', TRUE)", QUIET).fetch_one(connection).await?;
    Ok(())
}

/// Writes notifications in order, in one statement whatever their number.
///
/// # Errors
/// When the database fails.
pub async fn write(connection: &mut PgConnection, new: &[NewNotification]) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let referrers = column(new, |new| new.referrer.as_ref().map(json).transpose())?;
    let referred = column(new, |new| new.referred.as_ref().map(json).transpose())?;
    let causes = column(new, |new| json(&new.cause))?;
    // PostgreSQL tells the listeners at the commit, once for a transaction.
    sqlx::query!(
        "WITH written AS (
             INSERT INTO notifications (project_id, livemode, event, referrer, referred, data, delta_minor, currency,
                                        cause, ledger_entry_id, traceparent)
             SELECT new.project_id, new.livemode, new.event, new.referrer::JSON, new.referred::JSON, new.data::JSON,
                    new.delta_minor, new.currency, new.cause::JSON, new.ledger_entry_id,
                    nullif(current_setting($13, TRUE), '')
             FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[],
                         $8::TEXT[], $9::TEXT[], $10::BIGINT[]) WITH ORDINALITY
                 AS new (project_id, livemode, event, referrer, referred, data, delta_minor, currency, cause,
                         ledger_entry_id, place)
             WHERE current_setting($12, TRUE) IS DISTINCT FROM 'on'
             ORDER BY new.place
         )
         SELECT pg_notify($11, '')",
        &new.iter().map(|new| new.realm.project.0).collect::<Vec<_>>(),
        &new.iter().map(|new| new.realm.mode.is_live()).collect::<Vec<_>>(),
        &new.iter().map(|new| new.event.as_str().to_owned()).collect::<Vec<_>>(),
        &referrers as &[Option<String>],
        &referred as &[Option<String>],
        &new.iter().map(|new| new.data.clone()).collect::<Vec<_>>(),
        &new.iter().map(|new| new.delta.map(|delta| delta.minor)).collect::<Vec<_>>() as &[Option<i64>],
        &new.iter().map(|new| new.delta.map(|delta| delta.currency.to_string())).collect::<Vec<_>>()
            as &[Option<String>],
        &causes,
        &new.iter().map(|new| new.ledger_entry).collect::<Vec<_>>() as &[Option<i64>],
        CHANNEL,
        QUIET,
        TRACE,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(decode)
}

fn column<T>(
    new: &[NewNotification],
    of: impl Fn(&NewNotification) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    new.iter().map(of).collect()
}
