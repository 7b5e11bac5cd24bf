//! Money that payment intents and charges tell, with the ledger that comes of it.

use crate::support::{Bench, sale};
use queue::envelope::Source;
use serde_json::json;
use store::PgPool;
use stripe::sample::Sample;

/// Settles each event in a transaction of its own, in this order.
async fn settle_one_by_one(bench: &mut Bench, bodies: Vec<String>) {
    bench.start();
    for (n, body) in (1..).zip(bodies) {
        bench.publish(Source::Stripe, body).await;
        bench.until("the event", async || bench.count("SELECT count(*) FROM events").await == n).await;
    }
    bench.drain().await;
}

/// As an integration of its own describes its payments.
fn of_their_own(event: &str) -> String {
    event.replace("Subscription creation", "Order 7")
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_intent_alone_earns_and_its_refund_takes_back(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let sale = Sample { refund_amount: 2_450, amount_refunded: 2_450, ..sale(1) };
    let events = vec![
        of_their_own(&sale.charge_succeeded()),
        of_their_own(&sale.payment_intent_succeeded()),
        sale.refund_created("succeeded"),
    ];
    settle_one_by_one(&mut bench, events).await;
    assert_eq!(bench.payable().await, 490);
    assert_eq!(bench.count("SELECT count(*) FROM conversions").await, 1);
    assert_eq!(bench.text("SELECT payment_key FROM conversions").await.unwrap(), sale.payment_intent);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_subscriptions_payment_posts_one_entry_though_its_intent_comes_first(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let sale = sale(1);
    let events = vec![
        sale.charge_succeeded(),
        sale.payment_intent_succeeded(),
        sale.invoice_paid(),
        sale.invoice_payment_paid(),
    ];
    settle_one_by_one(&mut bench, events).await;
    assert_eq!(bench.payable().await, 980);
    assert_eq!(bench.count("SELECT count(*) FROM ledger_entries").await, 1, "nothing was reversed");
    assert_eq!(bench.count("SELECT count(*) FROM conversions").await, 1);
}

/// Here nothing says that the money is an invoice's until the invoice is there.
#[sqlx::test(migrations = "../migrations")]
async fn an_undescribed_intent_moves_to_the_invoice_that_claims_it(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let sale = Sample { refund_amount: 4_900, amount_refunded: 4_900, ..sale(1) };
    let events = vec![
        of_their_own(&sale.payment_intent_succeeded()),
        sale.invoice_paid(),
        of_their_own(&sale.charge_refunded()),
    ];
    settle_one_by_one(&mut bench, events).await;
    assert_eq!(bench.payable().await, 0, "credited once, and the refund found it");
    assert_eq!(
        bench.count("SELECT count(*) FROM conversions WHERE status <> 'reversed'").await,
        0,
        "neither stands"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_credit_note_takes_its_share_back_until_it_is_voided(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    let sale = sale(1);
    let note = |event_type: &str, status: &str, created: i64| {
        json!({
            "id": format!("evt_{created}"), "object": "event", "type": event_type, "livemode": false,
            "api_version": "2026-03-25.dahlia", "created": created,
            "data": {"object": {
                "id": "cn_1", "object": "credit_note", "invoice": sale.invoice, "currency": "usd",
                "amount": 2_450, "type": "post_payment", "refunds": [], "status": status, "created": 1_780_400_000
            }}
        })
        .to_string()
    };
    bench.start();
    bench.publish(Source::Stripe, note("credit_note.created", "issued", 1_780_400_000)).await;
    bench.publish(Source::Stripe, sale.invoice_paid()).await;
    bench.until("a share taken back", async || bench.payable().await == 490).await;
    bench.publish(Source::Stripe, note("credit_note.voided", "void", 1_780_500_000)).await;
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
}
