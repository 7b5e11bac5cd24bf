//! What holds whichever store a message goes to.

use crate::support::{
    Backend, Stand, ack, all, eventually, ids, message, next, next_one, on, on_with, publish, short_lease,
    take,
};
use anyhow::{Context, Result};
use chrono::{TimeDelta, Utc};
use queue::{Disposition, Durable};
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

macro_rules! on_both_back_ends {
    ($($test:ident),+ $(,)?) => {
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() -> anyhow::Result<()> {
                    super::on(super::Backend::Postgres, super::$test).await
                }
            )+
        }
        mod on_rabbitmq {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() -> anyhow::Result<()> {
                    super::on(super::Backend::RabbitMq, super::$test).await
                }
            )+
        }
    };
}

on_both_back_ends! {
    what_is_published_is_delivered_unchanged,
    a_batch_takes_what_is_there_and_no_more_than_asked,
    what_is_waited_for_is_there_to_be_taken,
    an_acknowledged_message_does_not_come_back,
    a_retry_comes_back_at_its_time_and_not_before,
    a_dead_letter_lands_with_its_reason,
    a_released_message_is_delivered_at_once,
    a_consumer_that_shuts_down_hands_back_what_it_fetched,
    a_dropped_consumer_hands_back_what_it_fetched,
    a_message_that_cannot_be_read_is_a_dead_letter,
    many_publishers_at_once_lose_nothing,
    nothing_is_acknowledged_while_the_database_is_down,
    a_batch_settles_each_message_as_decided,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsettled_message_comes_back_when_its_worker_dies_on_postgres() -> Result<()> {
    on_with(Backend::Postgres, short_lease, an_unsettled_message_comes_back).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsettled_message_comes_back_when_its_worker_dies_on_rabbitmq() -> Result<()> {
    on(Backend::RabbitMq, an_unsettled_message_comes_back).await
}

async fn what_is_published_is_delivered_unchanged(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut published = message(1).with_traceparent(Some(traceparent));
    published.body = (0..=255).cycle().take(300_000).collect::<Vec<u8>>().into();

    let durable = publisher.publish(published.clone()).await?;
    let expected = match stand.backend {
        Backend::Postgres => Durable::Database,
        Backend::RabbitMq => Durable::Broker,
    };
    assert_eq!(durable, expected);

    let delivery = next_one(&mut consumer).await?;
    assert_eq!(delivery.envelope, published);
    assert_eq!((delivery.attempt, delivery.redelivered), (0, false));
    ack(&consumer, vec![delivery]).await
}

async fn a_batch_takes_what_is_there_and_no_more_than_asked(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 10).await?;

    let mut taken = Vec::new();
    while taken.len() < 10 {
        // `next` checks the size; it would hang if the batch waited to be filled.
        taken.extend(next(&mut consumer, 4).await?);
    }
    assert_eq!(ids(&taken), published);
    ack(&consumer, taken).await
}

async fn what_is_waited_for_is_there_to_be_taken(stand: Arc<Stand>) -> Result<()> {
    let publisher = stand.publisher().await?;
    let published = publish(&publisher, 5).await?;
    let (mut consumer, shutdown) = stand.consumer();
    consumer.holds(5, 10).await;
    let taken = next(&mut consumer, 10).await?;
    assert_eq!(ids(&taken), published);
    ack(&consumer, taken).await?;
    // Whoever is to stop waits for no more.
    shutdown.cancel();
    consumer.holds(1, 10).await;
    Ok(())
}

async fn an_acknowledged_message_does_not_come_back(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, shutdown)) = (stand.publisher().await?, stand.consumer());
    publish(&publisher, 3).await?;
    let batch = take(&mut consumer, 3).await?;
    ack(&consumer, batch).await?;
    shutdown.cancel();
    consumer.finished().await;

    let (mut consumer, _) = stand.consumer();
    let last = publish(&publisher, 1).await?;
    let delivery = next_one(&mut consumer).await?;
    assert_eq!(ids([&delivery]), last);
    ack(&consumer, vec![delivery]).await
}

async fn a_retry_comes_back_at_its_time_and_not_before(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 1).await?;

    for attempt in 0..3 {
        let delivery = next_one(&mut consumer).await?;
        assert_eq!(ids([&delivery]), published);
        assert_eq!((delivery.attempt, delivery.redelivered), (attempt, attempt > 0));
        let at = Utc::now() + TimeDelta::milliseconds(300);
        let retry = Disposition::Retry { at, reason: "the customer is locked\0".to_owned() };
        consumer.finish(vec![(delivery, retry)]).await?;
        assert_eq!(stand.database.count("SELECT count(*) FROM queue_messages").await?, 1);

        let delivery = next_one(&mut consumer).await?;
        assert!(Utc::now() >= at, "it came before its time");
        consumer.release(vec![delivery]).await;
    }
    let delivery = next_one(&mut consumer).await?;
    ack(&consumer, vec![delivery]).await
}

async fn a_dead_letter_lands_with_its_reason(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    publish(&publisher, 1).await?;
    let delivery = next_one(&mut consumer).await?;
    let (id, body) = (delivery.envelope.headers.message_id, delivery.envelope.body.clone());
    let reason = "the amount is not a number".to_owned();
    consumer.finish(vec![(delivery, Disposition::DeadLetter { reason: reason.clone() })]).await?;

    let row: (String, String, Vec<u8>, i32, Option<i64>, Option<bool>) = sqlx::query_as(
        "SELECT headers ->> 'message_id', reason, body, attempt, project_id, livemode FROM dead_letters",
    )
    .fetch_one(&mut stand.database.connect().await?)
    .await?;
    assert_eq!(row, (id.to_string(), reason, body.to_vec(), 1, Some(7), Some(false)));
    Ok(())
}

async fn an_unsettled_message_comes_back(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut first, _)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 2).await?;
    let in_hand = take(&mut first, 2).await?;
    // A worker that dies stops consuming, and then its deliveries are nobody's.
    drop((first, in_hand));

    let (mut second, _) = stand.consumer();
    let again = take(&mut second, 2).await?;
    assert_eq!(ids(&again), published);
    for delivery in &again {
        assert_eq!((delivery.attempt, delivery.redelivered), (1, true));
    }
    ack(&second, again).await
}

async fn a_dropped_consumer_hands_back_what_it_fetched(stand: Arc<Stand>) -> Result<()> {
    // The lease is a minute, more than this test has.
    let (publisher, (mut first, _)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 20).await?;
    let in_hand = next(&mut first, 5).await?;
    let settled = ids(&in_hand);
    ack(&first, in_hand).await?;
    drop(first);

    let (mut second, _) = stand.consumer();
    let others = take(&mut second, 20 - settled.len()).await?;
    assert_eq!(ids(&others), published.difference(&settled).copied().collect());
    ack(&second, others).await
}

async fn a_released_message_is_delivered_at_once(stand: Arc<Stand>) -> Result<()> {
    // The lease is a minute, more than this test has.
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 3).await?;
    let batch = take(&mut consumer, 3).await?;
    consumer.release(batch).await;
    let again = take(&mut consumer, 3).await?;
    assert_eq!(ids(&again), published);
    ack(&consumer, again).await
}

async fn a_consumer_that_shuts_down_hands_back_what_it_fetched(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut first, shutdown)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 20).await?;
    let in_hand = next(&mut first, 5).await?;
    shutdown.cancel();
    assert!(first.next_batch(5).await.is_none());
    first.release(in_hand).await;
    first.finished().await;

    let (mut second, _) = stand.consumer();
    let all = take(&mut second, 20).await?;
    assert_eq!(ids(&all), published);
    ack(&second, all).await
}

async fn a_message_that_cannot_be_read_is_a_dead_letter(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    stand.inject_malformed(b"what is this?\0").await?;
    let published = publish(&publisher, 1).await?;
    let delivery = next_one(&mut consumer).await?;
    assert_eq!(ids([&delivery]), published, "the others are delivered");
    ack(&consumer, vec![delivery]).await?;

    let buried = "SELECT count(*) FROM dead_letters
                  WHERE body = 'what is this?\\000' AND reason = 'the headers name no version'
                    AND headers ? 'foreign' AND attempt = 1";
    eventually("it is a dead letter", || async { Ok(stand.database.count(buried).await? == 1) }).await
}

async fn many_publishers_at_once_lose_nothing(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    let mut publishers = JoinSet::new();
    for _ in 0..40 {
        let publisher = publisher.clone();
        publishers.spawn(async move { publish(&publisher, 25).await });
    }
    let taken = take(&mut consumer, 1000).await?;
    let mut published = BTreeSet::new();
    while let Some(outcome) = publishers.join_next().await {
        published.extend(outcome??);
    }
    assert_eq!(published.len(), 1000);
    assert_eq!(ids(&taken), published);
    ack(&consumer, taken).await
}

async fn nothing_is_acknowledged_while_the_database_is_down(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    let published = publish(&publisher, 2).await?;
    let batch = take(&mut consumer, 2).await?;
    stand.database.stop().await?;
    let retry = Disposition::Retry { at: Utc::now(), reason: "later".to_owned() };
    let error = consumer.finish(all(batch, &retry)).await.err().context("it could not be kept")?;
    assert_eq!(ids(error.outcomes.iter().map(|(delivery, _)| delivery)), published);
    stand.database.start().await?;

    let mut outcomes = error.outcomes;
    while let Err(error) = consumer.finish(outcomes).await {
        outcomes = error.outcomes;
    }
    let again = take(&mut consumer, 2).await?;
    assert_eq!(ids(&again), published);
    ack(&consumer, again).await
}

async fn a_batch_settles_each_message_as_decided(stand: Arc<Stand>) -> Result<()> {
    let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
    publish(&publisher, 9).await?;
    let mut retried = BTreeSet::new();
    let mut outcomes = Vec::new();
    for (n, delivery) in take(&mut consumer, 9).await?.into_iter().enumerate() {
        let disposition = match n % 3 {
            0 => Disposition::Ack,
            1 => Disposition::DeadLetter { reason: format!("number {n}") },
            _ => {
                retried.insert(delivery.envelope.headers.message_id);
                Disposition::Retry { at: Utc::now(), reason: "later".to_owned() }
            }
        };
        outcomes.push((delivery, disposition));
    }
    consumer.finish(outcomes).await?;
    let again = take(&mut consumer, 3).await?;
    assert_eq!(ids(&again), retried);
    assert_eq!(stand.database.count("SELECT count(*) FROM dead_letters").await?, 3);
    ack(&consumer, again).await
}
