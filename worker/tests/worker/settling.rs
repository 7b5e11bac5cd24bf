use crate::support::{Bench, sale};
use queue::envelope::Source;
use store::PgPool;
use stripe::sample::Sample;

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_earns_its_affiliate_a_commission(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
    assert_eq!(bench.count("SELECT count(*) FROM conversions WHERE status = 'attributed'").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM events").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn duplicates_are_settled_once_within_a_batch_and_across_batches(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    for _ in 0..3 {
        bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
        bench.publish(Source::Stripe, sale(1).invoice_payment_succeeded()).await;
    }
    bench.start();
    bench.until("the first batch", async || bench.count("SELECT count(*) FROM events").await == 2).await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
    assert_eq!(bench.count("SELECT count(*) FROM ledger_entries").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refund_that_comes_first_waits_for_its_payment(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    bench.start();
    let sale = Sample { refund_amount: 2_450, amount_refunded: 2_450, ..sale(1) };
    bench.publish(Source::Stripe, sale.refund_created("succeeded")).await;
    bench.publish(Source::Stripe, sale.charge_refunded()).await;
    bench.until("the refund", async || bench.count("SELECT count(*) FROM events").await == 2).await;
    assert_eq!(bench.count("SELECT count(*) FROM ledger_entries").await, 0);
    bench.publish(Source::Stripe, sale.invoice_payment_paid()).await;
    bench.publish(Source::Stripe, sale.invoice_paid()).await;
    bench.drain().await;
    assert_eq!(bench.payable().await, 490);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_of_no_interest_is_kept_as_ignored_with_its_reason(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let body = sale(1).invoice_paid().replace("invoice.paid", "terminal.reader.action_failed");
    bench.publish(Source::Stripe, body).await;
    bench.start();
    bench.drain().await;
    let reason = bench.text("SELECT ignored FROM events").await.unwrap();
    assert!(reason.contains("terminal.reader.action_failed"), "{reason}");
}

#[sqlx::test(migrations = "../migrations")]
async fn codes_are_looked_for_under_the_metadata_keys_of_the_deployment(pool: PgPool) {
    let arguments = ["--referral-metadata-keys", "partner, via"];
    let mut bench = Bench::with_arguments(pool, &arguments).await;
    let under = |number, key: &str| {
        let metadata = vec![(key.to_owned(), "ANNA".to_owned())];
        Sample { client_reference_id: None, metadata, ..sale(number) }.invoice_paid()
    };
    bench.publish(Source::Stripe, under(1, "via")).await;
    bench.publish(Source::Stripe, under(2, "referral_code")).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 980, "one of the two");
    assert_eq!(bench.count("SELECT count(*) FROM conversions WHERE status = 'unattributed'").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_few_events_that_are_held_up_let_others_pass(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.start();
    bench.until("the first customer", async || bench.payable().await == 980).await;
    let mut other = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM clusters FOR UPDATE").execute(&mut *other).await.unwrap();
    let waiting = async || {
        bench.count("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").await
            > 0
    };
    bench.publish(Source::Stripe, sale(1).invoice_payment_succeeded()).await;
    // Who waits gives up after a while, and comes again; so another customer may have to try again.
    let mut customers: i64 = 1;
    loop {
        bench.until("a batch that is held up", waiting).await;
        customers += 1;
        bench.publish(Source::Stripe, sale(customers.unsigned_abs()).invoice_paid()).await;
        bench.until("the next customer", async || bench.payable().await == customers * 980).await;
        if waiting().await {
            break;
        }
        assert!(customers < 5, "nobody passes while the batch before is held up");
    }
    other.rollback().await.unwrap();
    bench.drain().await;
    assert_eq!(bench.payable().await, customers * 980);
}

/// More than one batch takes, of customers who are in each of them.
#[sqlx::test(migrations = "../migrations")]
async fn customers_who_pay_often_are_settled_by_two_batches_at_once(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    for payment in 0..30 {
        for number in 0..40 {
            let sale = Sample { invoice: format!("in_{number}x{payment}"), ..sale(number) };
            bench.publish(Source::Stripe, sale.invoice_paid()).await;
        }
    }
    bench.start();
    bench.drain().await;
    assert_eq!(bench.count("SELECT count(*) FROM events").await, 1_200);
    assert_eq!(bench.payable().await, 1_200 * 980);
    let findings = store::verification::verify(&mut pool.acquire().await.unwrap(), None).await.unwrap();
    assert_eq!(findings.iter().map(|finding| finding.violations).sum::<i64>(), 0, "{findings:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_settled_is_added_to_the_sums_of_days(pool: PgPool) {
    let mut bench = Bench::new(pool.clone()).await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.start();
    let added = "SELECT count(*) FROM rollups WHERE unit = 'month' AND affiliate_id = 0 AND conversions = 1";
    bench.until("the sum", async || bench.count(added).await == 1).await;
    assert_eq!(bench.count("SELECT count(*) FROM rollup_deltas").await, 0);
    bench.drain().await;
}
