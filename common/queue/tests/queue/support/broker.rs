//! The broker behind the program's back, on a connection of its own.

use anyhow::{Context, Result};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeclareOptions,
        QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use queue::Prefix;

pub(super) fn url() -> Result<String> {
    std::env::var("AMQP_URL").context("AMQP_URL is not set: run ./dev test, which starts a RabbitMQ")
}

async fn open() -> Result<(Connection, Channel)> {
    let connection = Connection::connect(&url()?, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    Ok((connection, channel))
}

pub(super) async fn inject(prefix: &Prefix, body: &[u8]) -> Result<()> {
    let (_connection, channel) = open().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut headers = FieldTable::default();
    headers.insert("foreign".into(), AMQPValue::LongString("a\0b".into()));
    channel
        .basic_publish(
            format!("{prefix}.v1").into(),
            "events".into(),
            BasicPublishOptions::default(),
            body,
            BasicProperties::default().with_headers(headers),
        )
        .await?
        .await?;
    Ok(())
}

pub(super) async fn ready_in(prefix: &Prefix, queue: &str) -> Result<u32> {
    let (_connection, channel) = open().await?;
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let queue =
        channel.queue_declare(format!("{prefix}.v1.{queue}").into(), options, FieldTable::default()).await?;
    Ok(queue.message_count())
}

pub(super) async fn delete(prefix: &Prefix, queues: &[&str], exchanges: &[&str]) -> Result<()> {
    let (_connection, channel) = open().await?;
    for queue in queues {
        channel.queue_delete(format!("{prefix}.v1{queue}").into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in exchanges {
        channel
            .exchange_delete(format!("{prefix}.v1{exchange}").into(), ExchangeDeleteOptions::default())
            .await?;
    }
    Ok(())
}

/// Somebody who takes away the bindings of the queues, which keep their messages.
pub(crate) struct Vandal {
    _connection: Connection,
    channel: Channel,
    prefix: Prefix,
}

impl Vandal {
    pub(crate) async fn new(prefix: &Prefix) -> Result<Self> {
        let (connection, channel) = open().await?;
        Ok(Self { _connection: connection, channel, prefix: prefix.clone() })
    }

    /// From now on nothing can be routed, not even by the alternate exchange.
    pub(crate) async fn unbind(&self) -> Result<()> {
        let prefix = &self.prefix;
        for (queue, exchange, key) in [(".unroutable", ".unroutable", ""), (".events", "", "events")] {
            let (queue, exchange) = (format!("{prefix}.v1{queue}"), format!("{prefix}.v1{exchange}"));
            self.channel
                .queue_unbind(queue.into(), exchange.into(), key.into(), FieldTable::default())
                .await?;
        }
        Ok(())
    }
}

pub(super) async fn declare_otherwise(prefix: &Prefix, queue: &str) -> Result<()> {
    let (_connection, channel) = open().await?;
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(format!("{prefix}.v1{queue}").into(), options, FieldTable::default()).await?;
    Ok(())
}

pub(super) async fn remove(prefix: &Prefix) -> Result<()> {
    let all = [".events", ".large", ".unroutable", ".dead"];
    delete(prefix, &all, &["", ".unroutable", ".dead"]).await
}
