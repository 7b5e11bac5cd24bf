use crate::support::{Bench, sale};
use chrono::{TimeDelta, Utc};
use queue::envelope::Source;
use serde_json::json;
use store::PgPool;
use store::affiliates::{self, NewAffiliate};
use stripe::sample::{Sample, Version};

#[sqlx::test(migrations = "../migrations")]
async fn a_code_that_appears_late_finds_the_payments_that_wait_for_it(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    bench.start();
    let sale = Sample {
        client_reference_id: None,
        metadata: vec![("referral_code".to_owned(), "LATE".to_owned())],
        ..Sample::new(1, Version::Dahlia, Utc::now() - TimeDelta::hours(1))
    };
    bench.publish(Source::Stripe, sale.invoice_paid()).await;
    bench.until("the payment", async || bench.count("SELECT count(*) FROM conversions").await == 1).await;
    assert_eq!(bench.text("SELECT status FROM conversions").await.unwrap(), "unattributed");

    let new = NewAffiliate::named("late@example.org", "LATE");
    affiliates::create(&mut pool.acquire().await.unwrap(), bench.realm, &new).await.unwrap();
    bench.publish(Source::Resettle, json!({"codes": ["late"]}).to_string()).await;
    bench.drain().await;
    assert_eq!(bench.text("SELECT status FROM conversions").await.unwrap(), "attributed");
    assert_eq!(bench.payable().await, 980);
}

#[sqlx::test(migrations = "../migrations")]
async fn judging_again_what_has_not_changed_posts_nothing(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    bench.start();
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.until("the payment", async || bench.count("SELECT count(*) FROM conversions").await == 1).await;
    bench
        .publish(
            Source::Resettle,
            json!({"codes": ["anna"], "keys": ["email:customer1@example.com"]}).to_string(),
        )
        .await;
    bench.drain().await;
    assert_eq!(bench.count("SELECT count(*) FROM ledger_entries").await, 1);
}
