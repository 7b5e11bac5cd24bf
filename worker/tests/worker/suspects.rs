use crate::support::{Bench, sale};
use queue::envelope::Source;
use store::PgPool;

/// As after a worker that died again and again with a thousand messages in hand: all are suspects, none was judged.
#[sqlx::test(migrations = "../migrations")]
async fn no_number_of_failed_deliveries_makes_a_good_message_a_dead_letter(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    for number in 0..30 {
        bench.publish(Source::Stripe, sale(number).invoice_paid()).await;
    }
    sqlx::query("UPDATE queue_messages SET attempt = 500").execute(&pool).await.unwrap();
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 30 * 980);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_three_workers_died_of_alone_is_left_to_a_person_and_takes_no_other(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    for number in 0..30 {
        bench.publish(Source::Stripe, sale(number).invoice_paid()).await;
    }
    let deadly = "UPDATE queue_messages SET attempt = 6, trials = CASE id WHEN (SELECT min(id) FROM queue_messages) THEN 3 ELSE 2 END";
    sqlx::query(deadly).execute(&pool).await.unwrap();
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 29 * 980);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 1);
    let reason = bench.text("SELECT reason FROM dead_letters").await.unwrap();
    assert!(reason.starts_with("3 workers died of it"), "{reason}");
}
