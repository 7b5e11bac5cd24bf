//! What happens when a store is down: the other takes over at once, and with neither the caller hears
//! it at once.

use crate::support::{Backend, PATIENCE, Stand, ack, ids, message, next_one, on, publish, ready, take};
use anyhow::{Context, Result};
use queue::{BrokerStatus, DatabaseStatus, Durable, PublishError, Publisher};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// Far below the publish deadline of 2 s: nobody waits for a store that is known to be down.
const AT_ONCE: Duration = Duration::from_millis(250);

async fn until_broker(publisher: &Publisher, wanted: impl FnMut(&BrokerStatus) -> bool) -> Result<()> {
    let mut status = publisher.watch_broker().context("a broker is configured")?;
    timeout(PATIENCE, status.wait_for(wanted)).await??;
    Ok(())
}

async fn until_database_is_down(publisher: &Publisher) -> Result<()> {
    let mut status = publisher.watch_database();
    timeout(PATIENCE, status.wait_for(|status| matches!(status, DatabaseStatus::Down { .. }))).await??;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_broker_gone_messages_go_to_the_database_and_then_back() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        let wire = stand.wire.as_ref().context("a wire")?;
        wire.cut();
        until_broker(&publisher, |status| matches!(status, BrokerStatus::Down { .. })).await?;
        let started = Instant::now();
        assert_eq!(publisher.publish(message(0)).await, Ok(Durable::Database));
        assert!(started.elapsed() < AT_ONCE);
        assert!(publisher.status().accepts());
        let spilled = next_one(&mut consumer).await?;
        ack(&consumer, vec![spilled]).await?;

        wire.mend();
        ready(&publisher).await?;
        assert_eq!(publisher.publish(message(1)).await, Ok(Durable::Broker));
        let delivery = next_one(&mut consumer).await?;
        ack(&consumer, vec![delivery]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_flight_when_the_wire_was_cut_is_stored_somewhere() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        let publishes = futures::future::join_all((0..200).map(|n| publisher.publish(message(n))));
        let cut = async { stand.wire.as_ref().map(crate::support::Wire::cut) };
        let (stored, _) = futures::future::join(publishes, cut).await;
        assert!(stored.iter().all(Result::is_ok), "{stored:?}");
        stand.wire.as_ref().context("a wire")?.mend();

        let (mut consumer, _) = stand.consumer();
        let mut distinct = std::collections::BTreeSet::new();
        while distinct.len() < 200 {
            let batch = crate::support::next(&mut consumer, 200).await?;
            distinct.extend(batch.iter().map(|delivery| delivery.envelope.body.clone()));
            ack(&consumer, batch).await?;
        }
        // A message whose confirm was lost is in both stores; the harness wants those settled too.
        while let Ok(Some(batch)) = timeout(Duration::from_secs(2), consumer.next_batch(200)).await {
            ack(&consumer, batch).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_does_not_answer_costs_a_publish_its_share_of_the_deadline_once() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        let wire = stand.wire.as_ref().context("a wire")?;
        wire.deafen();
        let started = Instant::now();
        assert_eq!(publisher.publish(message(0)).await, Ok(Durable::Database));
        assert!(started.elapsed() < stand.config.publish_deadline);
        until_broker(&publisher, |status| *status == BrokerStatus::Stalled).await?;
        let started = Instant::now();
        assert_eq!(publisher.publish(message(1)).await, Ok(Durable::Database));
        assert!(started.elapsed() < AT_ONCE);

        wire.mend();
        ready(&publisher).await?;
        assert_eq!(publisher.publish(message(2)).await, Ok(Durable::Broker));
        // The first went to both stores: its confirm came late.
        let taken = take(&mut consumer, 4).await?;
        assert_eq!(ids(&taken).len(), 3);
        ack(&consumer, taken).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_database_gone_the_broker_takes_messages() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        stand.database.stop().await?;
        until_database_is_down(&publisher).await?;
        assert_eq!(publisher.publish(message(0)).await, Ok(Durable::Broker));

        // It can also be started then.
        let late = stand.publisher().await?;
        assert_eq!(late.publish(message(1)).await, Ok(Durable::Broker));
        stand.database.start().await?;
        let (mut consumer, _) = stand.consumer();
        let taken = take(&mut consumer, 2).await?;
        ack(&consumer, taken).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_both_gone_the_caller_is_told_at_once_to_come_back() -> Result<()> {
    on(Backend::RabbitMq, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        let wire = stand.wire.as_ref().context("a wire")?;
        wire.cut();
        stand.database.stop().await?;
        until_broker(&publisher, |status| matches!(status, BrokerStatus::Down { .. })).await?;
        until_database_is_down(&publisher).await?;
        assert!(!publisher.status().accepts());
        let started = Instant::now();
        let refused = publisher.publish(message(0)).await;
        assert!(matches!(refused, Err(PublishError::Unavailable { .. })), "{refused:?}");
        assert!(started.elapsed() < AT_ONCE);

        stand.database.start().await?;
        timeout(PATIENCE, publisher.watch_database().wait_for(|status| *status == DatabaseStatus::Up))
            .await??;
        assert_eq!(publisher.publish(message(1)).await, Ok(Durable::Database));
        wire.mend();
        ready(&publisher).await?;
        let (mut consumer, _) = stand.consumer();
        let delivery = next_one(&mut consumer).await?;
        ack(&consumer, vec![delivery]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_database_is_not_noticed_by_callers() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        publish(&publisher, 1).await?;
        // Idle connections are dead now, and nobody knows yet.
        stand.database.cut().await?;
        publish(&publisher, 1).await?;
        let mut taken = Vec::new();
        while taken.len() < 2 {
            taken.extend(crate::support::next(&mut consumer, 2).await?);
        }
        let mut outcomes = crate::support::all(taken, &queue::Disposition::Ack);
        while let Err(error) = consumer.finish(outcomes).await {
            outcomes = error.outcomes;
        }
        Ok(())
    })
    .await
}
