//! The exchanges and queues, and what each guards against.
//!
//! | name | what |
//! |---|---|
//! | `{prefix}.v1` | exchange: everything is published to it, with the key `events` or, when it is large, `large` |
//! | `{prefix}.v1.events` | queue: what the workers take |
//! | `{prefix}.v1.large` | queue: the same of bodies so large that a worker takes only a few ahead |
//! | `{prefix}.v1.unroutable` | exchange and queue: what the first exchange can't route, e.g. since somebody deleted the queue |
//! | `{prefix}.v1.dead` | exchange and queue: what was delivered too often without an answer |
//!
//! Arguments of a queue can't be changed once it exists, so the version is in the names, and limits
//! such as `max-length-bytes` belong in a policy.

use super::error::BrokerError;
use crate::{Prefix, config::SMALL_BODY};
use lapin::{
    Channel, Connection, ErrorKind, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

/// Deliveries that may end without an answer (a worker died, a connection broke) before the broker
/// gives a message up, which is then parked in the database. Workers part with a message long before, so this holds for
/// those that die before they can. Said explicitly: the default is none before RabbitMQ 4.0 and 20 since.
pub(super) const DELIVERY_LIMIT: i32 = 20;

/// The dead queue has nowhere to pass a message on to, so it must never give one up.
const NO_DELIVERY_LIMIT: i32 = 1_000_000_000;

const EVENTS_KEY: &str = "events";
const LARGE_KEY: &str = "large";
const PRECONDITION_FAILED: u16 = 406;
const ACCESS_REFUSED: u16 = 403;

/// The names of one deployment's exchanges and queues.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    pub(crate) exchange: ShortString,
    pub(crate) events: ShortString,
    pub(crate) large: ShortString,
    pub(crate) unroutable: ShortString,
    pub(crate) dead: ShortString,
}

impl Topology {
    pub(crate) fn new(prefix: &Prefix) -> Self {
        Self {
            exchange: format!("{prefix}.v1").into(),
            events: format!("{prefix}.v1.events").into(),
            large: format!("{prefix}.v1.large").into(),
            unroutable: format!("{prefix}.v1.unroutable").into(),
            dead: format!("{prefix}.v1.dead").into(),
        }
    }

    /// The routing key of a message with so large a body.
    pub(super) fn routing_key(body_bytes: usize) -> ShortString {
        if body_bytes <= SMALL_BODY { EVENTS_KEY.into() } else { LARGE_KEY.into() }
    }

    /// Declares everything that is missing. Does nothing when it is all there.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), BrokerError> {
        let channel = connection.create_channel().await?;
        self.exchange(&channel, &self.dead, ExchangeKind::Fanout, FieldTable::default()).await?;
        self.exchange(&channel, &self.unroutable, ExchangeKind::Fanout, FieldTable::default()).await?;
        let mut arguments = FieldTable::default();
        arguments.insert("alternate-exchange".into(), text(self.unroutable.as_str()));
        self.exchange(&channel, &self.exchange, ExchangeKind::Direct, arguments).await?;

        self.queue(&channel, &self.dead, &self.dead, "", last_resort()).await?;
        self.queue(&channel, &self.unroutable, &self.unroutable, "", self.guarded()).await?;
        self.queue(&channel, &self.events, &self.exchange, EVENTS_KEY, self.guarded()).await?;
        self.queue(&channel, &self.large, &self.exchange, LARGE_KEY, self.guarded()).await?;
        channel.close(200, "OK".into()).await?;
        Ok(())
    }

    /// Arguments of a queue whose hopeless messages move to the dead queue.
    fn guarded(&self) -> FieldTable {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text("quorum"));
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
        arguments.insert("x-dead-letter-exchange".into(), text(self.dead.as_str()));
        // The default is at most once, silently. At least once needs reject-publish.
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-overflow".into(), text("reject-publish"));
        arguments
    }

    async fn exchange(
        &self,
        channel: &Channel,
        name: &ShortString,
        kind: ExchangeKind,
        arguments: FieldTable,
    ) -> Result<(), BrokerError> {
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(name.clone(), kind, options, arguments)
            .await
            .map_err(|error| explain(error, "exchange", name))
    }

    async fn queue(
        &self,
        channel: &Channel,
        name: &ShortString,
        exchange: &ShortString,
        key: &str,
        arguments: FieldTable,
    ) -> Result<(), BrokerError> {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel
            .queue_declare(name.clone(), options, arguments)
            .await
            .map_err(|error| explain(error, "queue", name))?;
        let options = QueueBindOptions::default();
        channel
            .queue_bind(name.clone(), exchange.clone(), key.into(), options, FieldTable::default())
            .await
            .map_err(|error| explain(error, "binding of the queue", name))
    }
}

fn last_resort() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(NO_DELIVERY_LIMIT));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// What a person has to do about a refused declaration.
fn explain(error: lapin::Error, what: &'static str, name: &ShortString) -> BrokerError {
    let code = match error.kind() {
        ErrorKind::ProtocolError(refusal) => Some(refusal.get_id()),
        _ => None,
    };
    match code {
        Some(PRECONDITION_FAILED) => {
            BrokerError::Conflict { what, name: name.to_string(), source: Box::new(error) }
        }
        Some(ACCESS_REFUSED) => {
            BrokerError::Forbidden { what, name: name.to_string(), source: Box::new(error) }
        }
        _ => error.into(),
    }
}
