//! What only the queue in PostgreSQL has: leases and group commit.

use crate::support::{
    Backend, Stand, ack, eventually, ids, message, next, next_one, on, on_with, publish, short_lease, take,
};
use anyhow::{Context, Result, ensure};
use sqlx::AssertSqlSafe;
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_never_share_a_message() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let published = publish_at_once(&stand, 600).await?;
        let mut workers = JoinSet::new();
        for _ in 0..3 {
            let stand = Arc::clone(&stand);
            workers.spawn(async move {
                let (mut consumer, _) = stand.consumer();
                let taken = take(&mut consumer, 200).await?;
                let mine = ids(&taken);
                ack(&consumer, taken).await?;
                anyhow::Ok(mine)
            });
        }
        let mut all = BTreeSet::new();
        while let Some(mine) = workers.join_next().await {
            for id in mine?? {
                assert!(all.insert(id), "{id} was delivered twice");
            }
        }
        assert_eq!(all, published);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_renewed_while_its_message_is_in_hand() -> Result<()> {
    on_with(Backend::Postgres, short_lease, async |stand: Arc<Stand>| {
        let (mut first, _) = stand.consumer();
        publish_at_once(&stand, 1).await?;
        let in_hand = next_one(&mut first).await?;

        // By then a lease that is not renewed would have ended twice.
        let renewed = "SELECT count(*) FROM queue_messages WHERE now() > enqueued_at + interval '4 s' AND leased_until > now()";
        eventually("the lease is renewed", || async { Ok(stand.database.count(renewed).await? == 1) })
            .await?;
        let expired = "SELECT count(*) FROM queue_messages WHERE attempt > 0";
        assert_eq!(stand.database.count(expired).await?, 0);
        ack(&first, vec![in_hand]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_lease_settles_nothing() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let ((mut first, _), (mut second, _)) = (stand.consumer(), stand.consumer());
        publish_at_once(&stand, 1).await?;
        let late = next_one(&mut first).await?;
        // As if the first had slept for a minute; again if it renews before the second looks.
        let mut connection = stand.database.connect().await?;
        let delivery = loop {
            sqlx::query("UPDATE queue_messages SET leased_until = now() WHERE attempt = 0")
                .execute(&mut connection)
                .await?;
            tokio::select! {
                delivery = next_one(&mut second) => break delivery?,
                () = tokio::time::sleep(Duration::from_secs(2)) => {}
            }
        };
        assert_eq!((delivery.attempt, delivery.redelivered), (1, true));

        ack(&first, vec![late]).await?;
        assert_eq!(
            stand.database.count("SELECT count(*) FROM queue_messages").await?,
            1,
            "it is the second's"
        );
        ack(&second, vec![delivery]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_stored_does_not_take_others_with_it() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let (publisher, (mut consumer, _)) = (stand.publisher().await?, stand.consumer());
        let mut publishes = JoinSet::new();
        for n in 0..50 {
            let (publisher, mut message) = (publisher.clone(), message(n));
            if n == 25 {
                // JSONB has no NUL. `with_traceparent` would not have let it through.
                message.headers.traceparent = Some("\0".to_owned());
            }
            publishes.spawn(async move { (n, publisher.publish(message).await.is_ok()) });
        }
        while let Some(outcome) = publishes.join_next().await {
            let (n, stored) = outcome?;
            assert_eq!(stored, n != 25, "message {n}");
        }
        let taken = take(&mut consumer, 49).await?;
        ack(&consumer, taken).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_claimed_in_the_order_of_arrival() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        publish(&publisher, 30).await?;
        let (mut consumer, _) = stand.consumer();
        let mut bodies = Vec::new();
        while bodies.len() < 30 {
            let batch = next(&mut consumer, 7).await?;
            bodies.extend(batch.iter().map(|delivery| delivery.envelope.headers.message_id));
            ack(&consumer, batch).await?;
        }
        // Ids of version 7 grow; within a batch the order is open.
        let batches: Vec<BTreeSet<Uuid>> =
            bodies.chunks(7).map(|batch| batch.iter().copied().collect()).collect();
        assert!(batches.is_sorted_by(|a, b| a.last() < b.first()), "{batches:?}");
        Ok(())
    })
    .await
}

async fn publish_at_once(stand: &Stand, n: usize) -> Result<BTreeSet<Uuid>> {
    let publisher = stand.publisher().await?;
    let messages: Vec<_> = (0..n).map(message).collect();
    let published = messages.iter().map(|message| message.headers.message_id).collect();
    futures::future::try_join_all(messages.into_iter().map(|message| publisher.publish(message)))
        .await
        .context("a message was not stored")?;
    Ok(published)
}

/// Messages that come at once after the queue was empty for a while.
const BURST: usize = 20_000;

/// A claim that reads the table once for each message that it takes needs more than ten seconds, and is ended after three.
const CLAIMED_WITHIN: Duration = Duration::from_secs(3);

/// A vacuum that found the table empty says that its pages hold no rows at all, and goes on saying so when they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_after_a_vacuum_that_found_nothing_is_claimed_and_acknowledged_at_once() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let publisher = stand.publisher().await?;
        publish(&publisher, 1).await?;
        let burst = format!(
            "ALTER TABLE queue_messages SET (autovacuum_enabled = off);
             INSERT INTO queue_messages (queue, headers, body)
             SELECT queue, headers, body FROM queue_messages, generate_series(2, {BURST});
             UPDATE pg_class SET reltuples = 0, relpages = 2000 WHERE oid = 'queue_messages'::regclass;
             UPDATE pg_class SET reltuples = 0, relpages = 100
             WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'queue_messages'::regclass)"
        );
        sqlx::raw_sql(AssertSqlSafe(burst)).execute(&mut stand.database.connect().await?).await?;
        let (mut consumer, _) = stand.consumer();
        let mut left = BURST;
        let began = Instant::now();
        for _ in 0..4 {
            let batch = next(&mut consumer, 500).await?;
            left -= batch.len();
            ack(&consumer, batch).await?;
        }
        let took = began.elapsed();
        // What it has ahead as well.
        drop(consumer);
        sqlx::raw_sql("DELETE FROM queue_messages").execute(&mut stand.database.connect().await?).await?;
        ensure!(left <= BURST - 4, "{left} are left");
        ensure!(
            took <= CLAIMED_WITHIN,
            "{took:?} until {} messages were taken and acknowledged",
            BURST - left
        );
        Ok(())
    })
    .await
}
