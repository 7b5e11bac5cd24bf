//! Stands in for the worker until it is merged.
use chrono::Utc;
use common::{
    queue::{Consumer, Disposition, QueueConfig},
    store::{
        self,
        settlement::{self, InboxEvent, Item},
    },
    stripe::event::{self, Outcome},
};
use tokio_util::sync::CancellationToken;

pub(super) async fn run(
    queue: QueueConfig,
    database_url: String,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let pool = store::pool(&database_url, "tributary worker", 2)?;
    let mut consumer = Consumer::start(&queue, shutdown.clone());
    while let Some(batch) = consumer.next_batch(500).await {
        let mut items = Vec::new();
        for delivery in &batch {
            let envelope = &delivery.envelope;
            let reading = event::read(
                &envelope.body,
                envelope.headers.mode,
                &Default::default(),
                envelope.headers.received_at,
            )?;
            let (facts, ignored) = match reading.outcome {
                Outcome::Facts { facts, .. } => (facts, None),
                Outcome::Ignored { reason } => (Vec::new(), Some(reason)),
            };
            items.push(Item {
                realm: envelope.realm(),
                event: InboxEvent {
                    account: reading.account.unwrap_or_default(),
                    event_id: reading.event_id,
                    source: "stripe",
                    event_type: reading.event_type,
                    api_version: reading.api_version,
                    occurred_at: reading.created,
                    received_at: Utc::now(),
                    ignored,
                    traceparent: None,
                    body: envelope.body.clone(),
                },
                facts,
            });
        }
        let mut tx = pool.begin().await?;
        settlement::settle_batch(&mut tx, &items).await?;
        tx.commit().await?;
        consumer.settle(batch.into_iter().map(|delivery| (delivery, Disposition::Ack)).collect()).await?;
    }
    consumer.finished().await;
    Ok(())
}
