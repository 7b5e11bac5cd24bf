//! Every SQL statement outside the queue.
//!
//! Functions are free and take `&mut PgConnection`: the caller owns the transaction.
#![expect(
    clippy::as_conversions,
    reason = "`as` tells the checked SQL macros the type of a parameter; nothing is cast"
)]

pub mod acts;
pub mod affiliates;
pub mod api_key_usage;
pub mod api_keys;
pub mod backfills;
pub mod bare;
pub mod clicks;
pub mod completion;
pub mod console_sessions;
pub mod conversions;
pub mod copies;
pub mod coupons;
pub mod customers;
pub mod databases;
pub mod decisions;
pub mod deliveries;
pub mod digest;
pub mod doctor;
pub mod event_archive;
pub mod events;
pub mod idempotency_keys;
mod keep;
pub mod keys;
pub mod landing_url;
mod ledger;
pub mod links;
pub mod notifications;
pub mod overview;
pub mod page;
pub mod payouts;
pub mod place;
pub mod portal_passes;
pub mod probe;
pub mod program_rules;
pub mod projects;
pub mod provider_keys;
pub mod reconciliations;
pub mod refused_webhooks;
pub mod registrations;
pub mod rollups;
pub mod schema;
pub mod settlement;
pub mod sign_in_failures;
pub mod statements;
pub mod statistics;
pub mod stripe_codes;
pub mod stripe_endpoints;
pub mod thin_events;
pub mod users;
pub mod verification;
pub mod webhook_endpoints;
pub mod workers;

use database::{Fault, Limits};
pub use database::{Session, Sessions, within};
use domain::ids::{Mode, ProjectId, Realm};
use sqlx::postgres::PgConnectOptions;
pub use sqlx::{Connection, Error as SqlxError, PgConnection, PgPool};
use std::{str::FromStr, time::Duration};

/// How long a command waits for a database before it says that there is none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The schema's history, compiled in.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// What a caller can do about a failed statement.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or did not answer: try again later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database is there and refuses this program, whatever it wants: a right, a table or a column is missing, the
    /// password is another one, it takes no connections. Nothing can be said of the data; try again later.
    #[error("the database refuses this program")]
    Refused(#[source] sqlx::Error),
    /// Two transactions met; the same one succeeds when it is run again.
    #[error("the transaction met another one")]
    Serialization(#[source] sqlx::Error),
    /// Somebody holds what is needed, for longer than a live transaction does.
    #[error("somebody else holds a lock")]
    Occupied(#[source] sqlx::Error),
    /// A statement took longer than it may.
    #[error("a statement took too long")]
    Slow(#[source] sqlx::Error),
    /// A constraint refused the row; its name tells which rule.
    #[error("the database refused a row by {constraint}")]
    Constraint {
        /// The constraint's name.
        constraint: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// Anything else: a defect of this program, or a damaged database.
    #[error("a statement failed")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match Fault::of(&error) {
            Fault::Away => Self::Unavailable(error),
            Fault::Refused => Self::Refused(error),
            Fault::Race => Self::Serialization(error),
            Fault::Occupied => Self::Occupied(error),
            Fault::Slow => Self::Slow(error),
            Fault::Matter => {
                match error.as_database_error().and_then(|database| database.constraint()).map(str::to_owned)
                {
                    Some(constraint) => Self::Constraint { constraint, source: error },
                    None => Self::Other(error),
                }
            }
        }
    }
}

/// A row that says what no row of this program says.
fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Other(sqlx::Error::Decode(error.into()))
}

/// A pool that connects when it is first used, so that a process starts without its database.
///
/// # Errors
/// When the URL cannot be read.
pub fn pool(database_url: &str, application: &str, connections: u32) -> Result<PgPool, StoreError> {
    Ok(database::pool::unbounded(options(database_url, application)?, connections))
}

/// As [`pool`], for the requests of a service: nothing waits without a bound. A plan kept for all of a list's filters reads a
/// million rows for the ten that a filter lets through, so each query is planned for the filters it has; that takes
/// some 0.2 ms. No plan is compiled: that takes longer than what a request may.
///
/// # Errors
/// When the URL cannot be read.
pub fn pool_for_requests(
    database_url: &str,
    application: &str,
    connections: u32,
) -> Result<PgPool, StoreError> {
    let options = options(database_url, application)?.options([EACH_TIME, ("jit", "off")]);
    Ok(database::pool::bounded(options, Limits::REQUEST, connections))
}

/// Sessions for one statement of requests that looks a few rows up by their keys, again and again: each plans it once, by index whatever
/// the statistics say. To plan such a statement takes several times what it takes to run it; and nobody asks a connection that is given
/// back whether it lives, as a pool does, which is a round trip beside the question's.
///
/// # Errors
/// When the URL cannot be read.
pub fn sessions_planned_once(
    database_url: &str,
    application: &str,
    places: usize,
) -> Result<Sessions, StoreError> {
    Ok(planned_once(options(database_url, application)?, places))
}

/// The same, of the database that a pool is of.
#[must_use]
pub fn sessions_planned_once_beside(pool: &PgPool, places: usize) -> Sessions {
    planned_once(PgConnectOptions::clone(&pool.connect_options()), places)
}

fn planned_once(options: PgConnectOptions, places: usize) -> Sessions {
    Sessions::new(by_index(options, ONCE), Limits::REQUEST, places)
}

/// Sessions for a service that works beside others: no wait of theirs is without a bound.
///
/// # Errors
/// When the URL cannot be read.
pub fn sessions(database_url: &str, application: &str, places: usize) -> Result<Sessions, StoreError> {
    Ok(Sessions::new(options(database_url, application)?, Limits::SERVICE, places))
}

/// Sessions for [`settlement::settle_traced_batch`] and [`notifications::give_sequence`]: their statements look up a batch's rows in tables of any size, so indexes are used whatever
/// the statistics say, and each is planned once every few seconds.
///
/// # Errors
/// When the URL cannot be read.
pub fn sessions_for_settling(
    database_url: &str,
    application: &str,
    places: usize,
) -> Result<Sessions, StoreError> {
    let options = by_index(options(database_url, application)?, ONCE);
    Ok(Sessions::new(options, Limits::SERVICE, places))
}

/// Sessions for retention: their statements look up a few rows in tables of any size, so indexes are used whatever the
/// statistics say, and were when a statement was first planned.
///
/// # Errors
/// When the URL cannot be read.
pub fn sessions_for_tidying(
    database_url: &str,
    application: &str,
    places: usize,
) -> Result<Sessions, StoreError> {
    let options = by_index(options(database_url, application)?, EACH_TIME);
    Ok(Sessions::new(options, Limits::SERVICE, places))
}

/// The same for what a crash may undo: who claimed a delivery, and how it went. Then it is sent again, as it would be if the
/// crash had come a moment earlier; so no commit waits for the disk, which others wait for.
///
/// # Errors
/// When the URL cannot be read.
pub fn sessions_for_deliveries(
    database_url: &str,
    application: &str,
    places: usize,
) -> Result<Sessions, StoreError> {
    let options = by_index(options(database_url, application)?, EACH_TIME);
    let options = options.options([("synchronous_commit", "off")]);
    Ok(Sessions::new(options, Limits::SERVICE, places))
}

/// A database, and who connects to it.
fn options(database_url: &str, application: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(database_url)?.application_name(application))
}

/// When a session plans a statement.
const EACH_TIME: (&str, &str) = ("plan_cache_mode", "force_custom_plan");
const ONCE: (&str, &str) = ("plan_cache_mode", "force_generic_plan");

fn by_index(options: PgConnectOptions, planned: (&str, &str)) -> PgConnectOptions {
    options
        .options(["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"].map(|name| (name, "off")))
        .options([planned])
}

/// Shortens, until the transaction ends, how long its statements wait for a lock.
pub async fn lock_timeout(connection: &mut PgConnection, limit: Duration) -> Result<(), StoreError> {
    set_local(connection, "lock_timeout", limit).await
}

/// Says, until the transaction ends, how long one of its statements may take.
pub async fn statement_timeout(connection: &mut PgConnection, limit: Duration) -> Result<(), StoreError> {
    set_local(connection, "statement_timeout", limit).await
}

async fn set_local(connection: &mut PgConnection, name: &str, limit: Duration) -> Result<(), StoreError> {
    let milliseconds = limit.as_millis().to_string();
    sqlx::query_scalar!("SELECT set_config($1, $2, TRUE)", name, milliseconds).fetch_one(connection).await?;
    Ok(())
}

/// A single connection, made now: when the database cannot be reached, the error says why.
///
/// # Errors
/// When the URL cannot be read or the database cannot be reached.
pub async fn connect(database_url: &str, application: &str) -> Result<PgConnection, StoreError> {
    let options = options(database_url, application)?;
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options));
    Ok(connecting.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?)
}

/// A transaction of the caller's.
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// A transaction that sees the database as it is at its first statement, however long it reads, and
/// writes nothing.
///
/// # Errors
/// When the database cannot be reached.
pub async fn snapshot(pool: &PgPool) -> Result<Transaction, StoreError> {
    Ok(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

/// Whether the database answers.
pub async fn ping(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query("SELECT 1").execute(pool).await?;
    Ok(())
}

/// Brings the schema up to date.
///
/// # Errors
/// When a migration fails, or the database is newer than this program.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await
}

/// The realm of a row.
pub(crate) fn realm(project_id: i64, livemode: bool) -> Realm {
    Realm { project: ProjectId(project_id), mode: Mode::from_livemode(livemode) }
}
