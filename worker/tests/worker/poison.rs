use crate::support::{Bench, sale};
use queue::envelope::Source;
use serde_json::json;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_json_becomes_a_dead_letter_with_its_reason(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    bench.publish(Source::Stripe, "{\"id\": \"evt_1\", ").await;
    bench.publish(Source::Api, "[]").await;
    bench.publish(Source::Fetch, "{}").await;
    bench.publish(Source::Resettle, "7").await;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 4);
    let reason =
        bench.text("SELECT reason FROM dead_letters WHERE headers->>'source' = 'stripe'").await.unwrap();
    assert!(reason.starts_with("the body is not a Stripe event: "), "{reason}");
    let reason =
        bench.text("SELECT reason FROM dead_letters WHERE headers->>'source' = 'api'").await.unwrap();
    assert!(reason.starts_with("the body is not a command of the REST API: "), "{reason}");
}

/// `PostgreSQL` cannot keep a NUL in a text, so the whole batch fails.
#[sqlx::test(migrations = "../migrations")]
async fn one_message_that_the_database_refuses_takes_no_other_with_it(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    for number in 0..60 {
        bench.publish(Source::Stripe, sale(number).invoice_paid()).await;
        if number == 37 {
            let command = json!({"command": "referral", "id": 1, "revision": 0, "accepted_at": sale(1).at,
                "referral": {"who": {"email": null, "stripe_customer": null, "external_id": "\u{0}"},
                    "status": "converted", "occurred_at": sale(1).at, "affiliate": null, "referral_code": null}});
            bench.publish(Source::Api, command.to_string()).await;
        }
    }
    bench.start();
    bench.drain().await;
    assert_eq!(bench.count("SELECT count(*) FROM events").await, 60);
    assert_eq!(bench.payable().await, 60 * 980);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 1);
    let reason = bench.text("SELECT reason FROM dead_letters").await.unwrap();
    assert!(reason.contains("0x00") || reason.contains("\\u0000"), "{reason}");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_of_a_project_that_is_not_there_becomes_a_dead_letter(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let known = bench.realm;
    bench.realm.project.0 += 1_000;
    bench.publish(Source::Stripe, sale(1).invoice_paid()).await;
    bench.realm = known;
    bench.publish(Source::Stripe, sale(2).invoice_paid()).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
    let reason = bench.text("SELECT reason FROM dead_letters").await.unwrap();
    assert!(reason.contains("the project has no rules"), "{reason}");
}

/// No provider gives such ids, and the database's indexes refuse them: an event's are shortened when they are read, a
/// command that was never ours to write is told then, and neither costs others a transaction.
#[sqlx::test(migrations = "../migrations")]
async fn ids_too_long_for_any_index_are_met_when_they_are_read(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    for number in 0..60 {
        let mut sale = sale(number);
        if number % 2 == 1 {
            sale.customer = Some(format!("cus_{number}_{}", "x".repeat(9_000)));
        }
        bench.publish(Source::Stripe, sale.invoice_paid()).await;
    }
    let command = json!({"command": "referral", "id": 1, "revision": 0, "accepted_at": sale(1).at,
        "referral": {"who": {"email": null, "stripe_customer": null, "external_id": "x".repeat(9_000)},
            "status": "converted", "occurred_at": sale(1).at, "affiliate": null, "referral_code": null}});
    bench.publish(Source::Api, command.to_string()).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 60 * 980);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 1);
    let reason = bench.text("SELECT reason FROM dead_letters").await.unwrap();
    assert!(reason.contains("at most 1000 are taken"), "{reason}");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_with_20_000_coupons_settles_by_those_that_a_payment_can_have(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let mut event: serde_json::Value = serde_json::from_str(&sale(1).invoice_paid()).unwrap();
    let discounts: Vec<_> = (0..20_000)
        .map(|number| {
            json!({"id": format!("di_{number}"), "object": "discount", "source": {"type": "coupon", "coupon": format!("c{number}")}})
        })
        .collect();
    event["data"]["object"]["discounts"] = discounts.into();
    bench.publish(Source::Stripe, event.to_string()).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
    let touches = bench.count("SELECT count(*) FROM facts WHERE natural_key LIKE 'touch%'").await;
    assert!((1..=1_000).contains(&touches), "{touches} touches");
}
