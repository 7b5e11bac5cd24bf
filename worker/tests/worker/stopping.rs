use crate::support::{Bench, sale};
use queue::envelope::Source;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_worker_that_is_stopped_hands_back_what_it_did_not_settle(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    // Another transaction holds the event: the worker waits for it with the batch in hand.
    let mut other = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN EXCLUSIVE MODE").execute(&mut *other).await.unwrap();
    bench.start();
    bench
        .until("the worker at work", async || {
            bench.count("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").await > 0
        })
        .await;
    bench.shutdown.cancel();
    other.rollback().await.unwrap();
    bench.stop().await;
    let settled = bench.count("SELECT count(*) FROM events").await;
    let waiting = bench.count("SELECT count(*) FROM queue_messages").await;
    assert_eq!(settled + waiting, 1, "settled {settled}, waiting {waiting}");
    assert_eq!(settled, 1, "what was begun is finished");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_second_worker_takes_up_where_the_first_stopped(pool: PgPool) {
    let mut first = Bench::new(pool.clone()).await;
    for number in 0..40 {
        first.publish(Source::Stripe, sale(number).invoice_paid()).await;
    }
    first.start();
    first.stop().await;
    first.shutdown = tokio_util::sync::CancellationToken::new();
    first.start();
    first.drain().await;
    assert_eq!(first.payable().await, 40 * 980);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_read_and_not_begun_is_handed_back_at_once(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    for number in 0..1_300 {
        bench.publish(Source::Stripe, sale(number).invoice_paid()).await;
    }
    let mut other = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN EXCLUSIVE MODE").execute(&mut *other).await.unwrap();
    bench.start();
    let held_up = "SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database() AND application_name = 'tributary-worker'";
    bench.until("two batches at work", async || bench.count(held_up).await == 2).await;
    bench.shutdown.cancel();
    other.rollback().await.unwrap();
    bench.stop().await;
    let settled = bench.count("SELECT count(*) FROM events").await;
    let free =
        bench.count("SELECT count(*) FROM queue_messages WHERE coalesce(leased_until, now()) <= now()").await;
    assert_eq!(settled + free, 1_300, "settled {settled}, free {free}");
    assert!(free >= 300, "what was not begun is another worker's: {free}");
}
