//! What only the queue in RabbitMQ has: exchanges, queues that others may delete, delivery limits.

use crate::support::{
    Backend, PATIENCE, Stand, ack, eventually, ids, message, next, next_one, on, publish, ready, take,
};
use anyhow::{Context, Result};
use queue::{BrokerStatus, Durable, Publisher};
use std::sync::Arc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_queues_are_looked_at_without_a_consumer_and_bounded_in_time() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        publish(&publisher, 3).await?;
        let queues = publisher.broker_queues().context("there is a broker")?;
        let found = queues.look().await?;
        let of = |name: &str| found.iter().find(|queue| queue.name.ends_with(name)).cloned();
        let events = of(".v1.events").context("no queue of events")?;
        assert_eq!((found.len(), events.ready, events.consumers), (4, 3, 0));

        let (mut consumer, _) = stand.consumer();
        let taken = take(&mut consumer, 3).await?;
        ack(&consumer, taken).await?;
        eventually("the consumer is seen", || async {
            let found = queues.look().await?;
            Ok(found
                .iter()
                .any(|queue| queue.name.ends_with(".v1.events") && (queue.ready, queue.consumers) == (0, 1)))
        })
        .await?;
        // A broker that no longer answers is said to be silent, within the bound.
        stand.wire.as_ref().context("a wire")?.deafen();
        let started = std::time::Instant::now();
        eventually("it is told", || async { Ok(queues.look().await.is_err()) }).await?;
        let told = started.elapsed();
        assert!(told < PATIENCE, "{told:?}");
        stand.wire.as_ref().context("a wire")?.mend();
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_routed_is_kept_aside_and_processed() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        stand.delete(&[".events"], &[]).await?;
        let message = message(1);
        let id = message.headers.message_id;
        assert_eq!(publisher.publish(message).await, Ok(Durable::Broker));
        eventually("it is kept aside", || async { Ok(stand.ready_in("unroutable").await? == 1) }).await?;

        let (mut consumer, _) = stand.consumer();
        let delivery = next_one(&mut consumer).await?;
        assert_eq!(ids([&delivery]), [id].into());
        ack(&consumer, vec![delivery]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_queue_is_declared_again_by_its_consumer() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        publish(&publisher, 1).await?;
        let delivery = next_one(&mut consumer).await?;
        ack(&consumer, vec![delivery]).await?;

        stand.delete(&[".events", ".unroutable", ".dead"], &[]).await?;
        eventually("the queues are there again", || async { Ok(stand.ready_in("events").await.is_ok()) })
            .await?;
        let published = publish(&publisher, 1).await?;
        let delivery = next_one(&mut consumer).await?;
        assert_eq!(ids([&delivery]), published);
        ack(&consumer, vec![delivery]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_returned_message_goes_to_the_database_and_the_topology_is_declared_again() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        stand.delete(&[".events"], &[".unroutable"]).await?;
        assert_eq!(publisher.publish(message(0)).await, Ok(Durable::Database), "it was returned");
        ready(&publisher).await?;
        assert_eq!(publisher.publish(message(1)).await, Ok(Durable::Broker));
        let (mut consumer, _) = stand.consumer();
        let taken = take(&mut consumer, 2).await?;
        ack(&consumer, taken).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_exchange_is_declared_again_by_its_publisher() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        stand.delete(&[], &[""]).await?;
        assert_eq!(publisher.publish(message(0)).await, Ok(Durable::Database), "the channel was closed");
        ready(&publisher).await?;
        assert_eq!(publisher.publish(message(1)).await, Ok(Durable::Broker));
        let (mut consumer, _) = stand.consumer();
        let taken = take(&mut consumer, 2).await?;
        ack(&consumer, taken).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_with_other_settings_is_told_from_an_outage() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        stand.declare_otherwise(".events").await?;
        let publisher = Publisher::start(&stand.config, CancellationToken::new());
        let mut status = publisher.watch_broker().context("a broker")?;
        let down = |status: &BrokerStatus| matches!(status, BrokerStatus::Down { .. });
        let status = timeout(PATIENCE, status.wait_for(down)).await??.clone();
        let told = format!("{status:?}");
        assert!(told.contains("drain it and delete it, or set another QUEUE_PREFIX"), "{told}");
        stand.delete(&[".events"], &[]).await?;
        ready(&publisher).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_in_hand_when_the_wire_is_cut_come_back_and_old_answers_harm_nobody() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        let published = publish(&publisher, 3).await?;
        let in_hand = take(&mut consumer, 3).await?;
        let wire = stand.wire.as_ref().context("a wire")?;
        wire.cut();
        wire.mend();
        let again = take(&mut consumer, 3).await?;
        assert_eq!(ids(&again), published);
        assert!(again.iter().all(|delivery| delivery.redelivered));
        // The tags of the old channel are tags of the new one too.
        ack(&consumer, in_hand).await?;
        consumer.release(again).await;
        let again = take(&mut consumer, 3).await?;
        assert_eq!(ids(&again), published, "the old answers acknowledged none of them");
        ack(&consumer, again).await
    })
    .await
}

/// It may be what its workers died of, or have been in the same hands: nobody knows, so it is no dead letter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_nobody_answered_for_comes_back_by_way_of_the_database() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        publish(&publisher, 1).await?;
        for attempt in 0..=20 {
            let delivery = next_one(&mut consumer).await?;
            assert_eq!(delivery.attempt, attempt);
            assert!(!delivery.can_be_tried());
            // Dropped unsettled, as by a worker that panics.
            drop(delivery);
        }
        let delivery = next_one(&mut consumer).await?;
        assert!(delivery.can_be_tried() && delivery.attempt >= 20, "{delivery:?}");
        assert_eq!(stand.database.count("SELECT count(*) FROM dead_letters").await?, 0);
        let acknowledger = consumer.acknowledger();
        assert_eq!(acknowledger.try_alone(&delivery).await?, Some(0));
        assert_eq!(
            acknowledger.try_alone(&delivery).await?,
            Some(1),
            "each trial that does not end is counted"
        );
        ack(&consumer, vec![delivery]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_are_delivered_ahead_a_few_at_a_time() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        for n in 0..60 {
            let mut message = message(n);
            message.body = vec![b' '; 1 << 20].into();
            publisher.publish(message).await?;
        }
        let first = next(&mut consumer, 500).await?;
        assert!(first.len() <= 8, "{} messages of 1 MiB are taken at once, of 8 MiB", first.len());
        eventually("RabbitMQ keeps what was not asked for", || async {
            Ok(stand.ready_in("large").await? == 60 - 16)
        })
        .await?;
        let mut open = 60 - first.len();
        ack(&consumer, first).await?;
        while open > 0 {
            let batch = next(&mut consumer, 500).await?;
            open -= batch.len();
            ack(&consumer, batch).await?;
        }
        Ok(())
    })
    .await
}
