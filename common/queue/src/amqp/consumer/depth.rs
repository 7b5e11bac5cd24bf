//! How many messages RabbitMQ has ready, as a gauge. What it has delivered and nobody answered is `tributary_queue_in_hand`
//! of each worker: a prefetch hides a backlog from whoever looks at the ready ones alone.

use super::super::error::BrokerError;
use crate::telemetry;
use lapin::{
    Connection,
    options::QueueDeclareOptions,
    types::{FieldTable, ShortString},
};
use std::time::Duration;

/// How often the queues are asked.
const MEASURED_EVERY: Duration = Duration::from_secs(5);

/// Measures until a queue cannot be asked, which means that the connection or its topology has to be made anew.
pub(super) async fn measure(connection: &Connection, queues: &[&ShortString]) -> BrokerError {
    let error: Result<std::convert::Infallible, lapin::Error> = async {
        let channel = connection.create_channel().await?;
        let mut ticks = tokio::time::interval(MEASURED_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let mut ready = 0;
            for queue in queues {
                let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
                let found = channel.queue_declare((*queue).clone(), options, FieldTable::default()).await?;
                ready += found.message_count();
            }
            metrics::gauge!(telemetry::WAITING, "store" => "broker").set(ready);
        }
    }
    .await;
    match error {
        Ok(never) => match never {},
        Err(error) => error.into(),
    }
}
