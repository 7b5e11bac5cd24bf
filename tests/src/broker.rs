//! The broker behind the services' back, on a connection of its own.

use anyhow::Result;
use lapin::{
    Channel, Connection, ConnectionProperties,
    options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};

/// The queues of a deployment, after its prefix and version.
const QUEUES: [&str; 4] = ["events", "large", "unroutable", "dead"];
const EXCHANGES: [&str; 3] = ["", ".unroutable", ".dead"];

/// How many messages lie in a deployment's queues, by queue; none where there is no queue.
///
/// # Errors
/// When the broker does not answer.
pub async fn messages(amqp_url: &str, prefix: &str) -> Result<Vec<(String, u32)>> {
    let connection = open(amqp_url).await?;
    let mut counts = Vec::new();
    // A missing queue closes the channel that asks for it. None is dropped before the connection is
    // closed: lapin takes a channel that is being closed for a failure then.
    let mut channels = Vec::new();
    for queue in QUEUES {
        let name = format!("{prefix}.v1.{queue}");
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let channel = connection.create_channel().await?;
        if let Ok(queue) = channel.queue_declare(name.clone().into(), options, FieldTable::default()).await {
            counts.push((name, queue.message_count()));
        }
        channels.push(channel);
    }
    connection.close(200, "".into()).await?;
    Ok(counts)
}

/// Deletes a deployment's queues and exchanges.
pub(crate) async fn remove(amqp_url: &str, prefix: &str) -> Result<()> {
    let connection = open(amqp_url).await?;
    let channel: Channel = connection.create_channel().await?;
    for queue in QUEUES {
        channel.queue_delete(format!("{prefix}.v1.{queue}").into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in EXCHANGES {
        let name = format!("{prefix}.v1{exchange}");
        channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await?;
    }
    connection.close(200, "".into()).await?;
    Ok(())
}

async fn open(amqp_url: &str) -> Result<Connection> {
    Ok(Connection::connect(amqp_url, ConnectionProperties::default()).await?)
}
