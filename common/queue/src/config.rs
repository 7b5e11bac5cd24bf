//! How the queue is set up.

use lapin::uri::AMQPUri;
use sqlx::postgres::PgConnectOptions;
use std::{fmt, str::FromStr, time::Duration};

/// How long [`Publisher::publish`](super::Publisher::publish) may take in all, broker and spill
/// together. Stripe gives a webhook 20 s; a client of the REST API should hear sooner.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(2);

/// Unsettled messages that RabbitMQ hands to one worker: six batches, of which two are settled, two are read, and two gather. None
/// of them is larger than [`SMALL_BODY`], so this bounds the worker's memory, to 192 MB at worst; three thousand of Stripe's are some 15.
const PREFETCH: u16 = 3000;

/// The same of messages that are larger: of 1 MiB each, 16 MiB.
pub(crate) const LARGE_PREFETCH: u16 = 16;

/// Bodies up to this size share RabbitMQ's first queue, larger ones have a queue of their own, since RabbitMQ bounds what
/// it delivers ahead by number alone. Nearly all of Stripe's events are smaller by far: 2 to 20 KB.
pub(crate) const SMALL_BODY: usize = 64 << 10;

/// Bytes of bodies that are taken at a time: a thousand events of 8 KB, which make two batches. In memory that is several times as much:
/// as it was received, as facts, and as the statements that store it.
const BATCH_BYTES: usize = 8 << 20;

/// How long a message from PostgreSQL belongs to the worker that took it. It is renewed six times in that time for as long
/// as the worker holds it, so this is only how long the messages of a killed or frozen worker wait: less than 10 s, with the
/// poll that finds them and the claim. A worker that could not renew it in time, with a database that was away for as
/// long, may see its messages delivered again, which changes nothing.
const LEASE: Duration = Duration::from_secs(8);

/// RabbitMQ and lapin give up on a silent peer after two to three of these, so within 6 s; the default of 60 s is too long
/// for requests that wait, and for the messages in the hands of a frozen worker. Giving up on one that only stumbled costs
/// a reconnection.
const HEARTBEAT_SECONDS: u16 = 2;

/// How long a TCP connection to RabbitMQ may take to open.
const TCP_CONNECT_MILLISECONDS: u64 = 5_000;

/// Where messages are kept, under which names, and how patiently.
#[derive(Clone)]
pub struct QueueConfig {
    /// Names the queues, so that several deployments may share a broker or a database.
    pub prefix: Prefix,
    /// RabbitMQ, if there is one.
    pub broker: Option<AMQPUri>,
    /// The database: the queue without a broker, the spill and the schedule of retries with one.
    pub database: PgConnectOptions,
    /// How long a publish may take in all. Default: 2 s.
    pub publish_deadline: Duration,
    /// Unsettled messages that RabbitMQ hands to one consumer, from 1. Default: 3000.
    pub prefetch: u16,
    /// Bytes of bodies that are taken at a time; a larger message is taken alone. Default: 8 MiB.
    pub batch_bytes: usize,
    /// How long the messages of a killed worker wait in PostgreSQL. Default: 8 s.
    pub lease: Duration,
    /// What the connections are called in RabbitMQ's and PostgreSQL's lists. Default: `tributary`.
    pub process: String,
}

impl QueueConfig {
    /// The defaults, for a broker (if `amqp_url` is given) and a database.
    pub fn new(
        prefix: Prefix,
        amqp_url: Option<&str>,
        database: PgConnectOptions,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            prefix,
            broker: amqp_url.map(broker).transpose()?,
            database,
            publish_deadline: PUBLISH_DEADLINE,
            prefetch: PREFETCH,
            batch_bytes: BATCH_BYTES,
            lease: LEASE,
            process: "tributary".to_owned(),
        })
    }

    /// The defaults, from a process's settings. `process` is what its connections are called.
    ///
    /// # Errors
    /// When a setting cannot be used. The text does not repeat an address, since it holds a password.
    pub fn from_settings(
        prefix: &str,
        amqp_url: Option<&str>,
        database_url: &str,
        process: &str,
    ) -> Result<Self, ConfigError> {
        let database = PgConnectOptions::from_str(database_url).map_err(|_| ConfigError::DatabaseUrl)?;
        Ok(Self { process: process.to_owned(), ..Self::new(prefix.parse()?, amqp_url, database)? })
    }
}

/// Host and port of a broker, for whoever has to look after it. Never a password.
pub(crate) fn place_of_broker(uri: &AMQPUri) -> String {
    format!("{}:{}", uri.authority.host, uri.authority.port)
}

/// Host, port and name of a database, for whoever has to look after it. Never a password.
pub(crate) fn place_of_database(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    format!("{host}:{}/{}", options.get_port(), options.get_database().unwrap_or_default())
}

impl fmt::Debug for QueueConfig {
    /// Without the addresses: they hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueConfig")
            .field("prefix", &self.prefix)
            .field("broker", &self.broker.is_some())
            .field("publish_deadline", &self.publish_deadline)
            .field("prefetch", &self.prefetch)
            .field("batch_bytes", &self.batch_bytes)
            .field("lease", &self.lease)
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

fn broker(url: &str) -> Result<AMQPUri, ConfigError> {
    let mut uri = AMQPUri::from_str(url).map_err(ConfigError::AmqpUrl)?;
    if uri.vhost.is_empty() {
        // `amqp://host:5672/` names a virtual host called "", which nobody has.
        "/".clone_into(&mut uri.vhost);
    }
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    uri.query.connection_timeout.get_or_insert(TCP_CONNECT_MILLISECONDS);
    Ok(uri)
}

/// `QUEUE_PREFIX`: 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("tributary".to_owned())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Prefix {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ConfigError::Prefix)
        }
    }
}

/// A setting that the queue can't work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `QUEUE_PREFIX`.
    #[error("QUEUE_PREFIX must have 1 to 64 characters of a-z 0-9 . _ -")]
    Prefix,
    /// `AMQP_URL`; the text says what is wrong with it, not what it is, since it holds a password.
    #[error("AMQP_URL must look like amqp://user:password@host:5672/%2f: {0}")]
    AmqpUrl(String),
    /// `DATABASE_URL`.
    #[error("DATABASE_URL must look like postgres://user:password@host:5432/name")]
    DatabaseUrl,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_safe_in_queue_names_and_notifications() {
        assert_eq!("acme-1.eu".parse::<Prefix>().map(|p| p.to_string()), Ok("acme-1.eu".to_owned()));
        for bad in ["", "Acme", "a b", "a'b", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Prefix>(), Err(ConfigError::Prefix), "{bad}");
        }
    }

    #[test]
    fn a_trailing_slash_means_the_default_virtual_host() -> Result<(), ConfigError> {
        assert_eq!(broker("amqp://h/")?.vhost, "/");
        assert_eq!(broker("amqp://h/%2f")?.vhost, "/");
        assert_eq!(broker("amqp://h/acme?heartbeat=3")?.query.heartbeat, Some(3));
        Ok(())
    }

    #[test]
    fn a_place_holds_no_password() -> Result<(), ConfigError> {
        assert_eq!(place_of_broker(&broker("amqp://u:hush@h:5671/v")?), "h:5671");
        let url = "postgres://u:hush@db.internal:6432/books";
        let options = PgConnectOptions::from_str(url).map_err(|_| ConfigError::DatabaseUrl)?;
        assert_eq!(place_of_database(&options), "db.internal:6432/books");
        Ok(())
    }

    #[test]
    fn debug_output_holds_no_password() -> Result<(), ConfigError> {
        let database = PgConnectOptions::new_without_pgpass().password("hush1");
        let config = QueueConfig::new(Prefix::default(), Some("amqp://u:hush2@h"), database)?;
        assert!(!format!("{config:?}").contains("hush"));
        Ok(())
    }
}
