//! What RabbitMQ does without Tributary, as a yardstick for it: the same client, the same kind of queue, the same bytes.

use crate::{QueueConfig, amqp::Topology};
use bytes::Bytes;
use futures::{StreamExt, stream};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{
        BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeclareOptions,
        QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable, ShortString},
};
use std::time::{Duration, Instant};

/// Persistent.
const DELIVERY_MODE: u8 = 2;

/// Why the broker could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// There is none.
    #[error("no broker is configured")]
    NoBroker,
    /// It refused a message.
    #[error("the broker refused a message")]
    Refused,
    /// It failed.
    #[error("the broker failed")]
    Broker(#[from] lapin::Error),
}

/// Publishes each body to a quorum queue of its own, `in_flight` at a time, each counted when the broker has confirmed
/// it. The queue is deleted afterwards.
///
/// # Errors
/// When the broker cannot be reached, or does not confirm.
pub async fn confirmed_publishes(
    config: &QueueConfig,
    bodies: &[Bytes],
    in_flight: usize,
) -> Result<Duration, BareError> {
    let uri = config.broker.clone().ok_or(BareError::NoBroker)?;
    let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let queue: ShortString = format!("{}.bare", config.prefix).into();
    declare(&channel, &queue).await?;
    let began = Instant::now();
    let published = publish_all(&channel, &queue, bodies, in_flight).await;
    let took = began.elapsed();
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    close(&connection, &channel).await?;
    published.map(|()| took)
}

/// Deletes the exchanges and queues of a deployment that is over, and every message in them.
///
/// # Errors
/// When the broker cannot be reached, or refuses.
pub async fn remove(config: &QueueConfig) -> Result<(), BareError> {
    let Some(uri) = config.broker.clone() else { return Ok(()) };
    let connection = Connection::connect_uri(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let Topology { exchange, events, large, unroutable, dead } = Topology::new(&config.prefix);
    for queue in [&events, &large, &unroutable, &dead] {
        channel.queue_delete(queue.clone(), QueueDeleteOptions::default()).await?;
    }
    for exchange in [exchange, unroutable, dead] {
        channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;
    }
    close(&connection, &channel).await
}

async fn close(connection: &Connection, channel: &Channel) -> Result<(), BareError> {
    channel.close(200, "OK".into()).await?;
    connection.close(200, "OK".into()).await?;
    Ok(())
}

async fn declare(channel: &Channel, queue: &ShortString) -> Result<(), BareError> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.clone(), options, arguments).await?;
    Ok(())
}

async fn publish_all(
    channel: &Channel,
    queue: &ShortString,
    bodies: &[Bytes],
    in_flight: usize,
) -> Result<(), BareError> {
    let publish = |body: Bytes| async move {
        let properties = BasicProperties::default().with_delivery_mode(DELIVERY_MODE);
        let confirm = channel
            .basic_publish(
                ShortString::default(),
                queue.clone(),
                BasicPublishOptions::default(),
                &body,
                properties,
            )
            .await?;
        match confirm.await? {
            Confirmation::Ack(None) => Ok(()),
            _ => Err(BareError::Refused),
        }
    };
    let mut confirmed = stream::iter(bodies.iter().cloned().map(publish)).buffer_unordered(in_flight);
    while let Some(outcome) = confirmed.next().await {
        outcome?;
    }
    Ok(())
}
