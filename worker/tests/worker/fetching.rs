use crate::support::{Bench, sale};
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse};
use queue::envelope::Source;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::PgPool;
use stripe::sample::{Sample, Version};

/// A Stripe that knows one answer, and counts the calls.
struct Stripe {
    url: String,
    calls: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    body: String,
    calls: Arc<AtomicUsize>,
}

impl Stripe {
    async fn start(status: StatusCode, body: serde_json::Value) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let answer = Answer { status, body: body.to_string(), calls: Arc::clone(&calls) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(respond).with_state(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, calls }
    }

    fn arguments(&self) -> [String; 2] {
        [format!("--stripe-api-base={}", self.url), "--stripe-secret-key=sk_test_1".to_owned()]
    }
}

async fn respond(State(answer): State<Answer>) -> impl IntoResponse {
    answer.calls.fetch_add(1, Ordering::Relaxed);
    (answer.status, [("content-type", "application/json")], answer.body)
}

async fn bench(pool: PgPool, stripe: &Stripe) -> Bench {
    let arguments = stripe.arguments();
    Bench::with_arguments(pool, &arguments.each_ref().map(String::as_str)).await
}

/// Since 2025-03-31 a refund does not name its invoice.
fn refunded() -> Sample {
    Sample { refund_amount: 2_450, amount_refunded: 2_450, ..sale(1) }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_invoice_of_a_refund_is_fetched_and_settled(pool: PgPool) {
    let sale = refunded();
    let stripe = Stripe::start(
        StatusCode::OK,
        json!({"object": "list", "has_more": false, "url": "/v1/invoice_payments", "data": [{
            "id": "inpay_1", "object": "invoice_payment", "livemode": false, "invoice": sale.invoice,
            "status": "paid", "created": 1_780_000_000, "amount_paid": 4_900, "currency": "usd", "is_default": true,
            "payment": {"type": "payment_intent", "payment_intent": sale.payment_intent}
        }]}),
    )
    .await;
    let mut bench = bench(pool, &stripe).await;
    bench.publish(Source::Stripe, sale.invoice_paid()).await;
    bench.publish(Source::Stripe, sale.refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    assert_eq!(
        bench.text("SELECT source FROM events WHERE event_id LIKE 'fetch:%'").await.unwrap(),
        "fetched"
    );
    assert_eq!(bench.payable().await, 490, "the refund found its payment");
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_fetched_is_not_fetched_again(pool: PgPool) {
    let stripe =
        Stripe::start(StatusCode::OK, json!({"object": "list", "has_more": false, "data": []})).await;
    let mut bench = bench(pool, &stripe).await;
    bench.start();
    let sale = refunded();
    bench.publish(Source::Stripe, sale.refund_created("succeeded")).await;
    bench
        .until("the answer", async || {
            bench.count("SELECT count(*) FROM events WHERE event_id LIKE 'fetch:%'").await == 1
        })
        .await;
    bench.publish(Source::Stripe, sale.charge_refunded()).await;
    bench.drain().await;
    assert_eq!(stripe.calls.load(Ordering::Relaxed), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_stripe_does_not_know_is_an_answer(pool: PgPool) {
    let error = json!({"error": {"type": "invalid_request_error", "message": "No such payment_intent"}});
    let stripe = Stripe::start(StatusCode::NOT_FOUND, error).await;
    let mut bench = bench(pool, &stripe).await;
    bench.publish(Source::Stripe, refunded().refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    let reason = bench.text("SELECT ignored FROM events WHERE event_id LIKE 'fetch:%'").await.unwrap();
    assert!(reason.starts_with("Stripe does not know it"), "{reason}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refused_key_leaves_a_dead_letter_that_says_so(pool: PgPool) {
    let error = json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}});
    let stripe = Stripe::start(StatusCode::UNAUTHORIZED, error).await;
    let mut bench = bench(pool, &stripe).await;
    bench.publish(Source::Stripe, refunded().refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    let reason = bench.text("SELECT reason FROM dead_letters").await.unwrap();
    assert_eq!(reason, "Stripe refused with status 401: Invalid API Key provided");
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_key_nothing_is_asked_and_the_fact_waits(pool: PgPool) {
    let mut bench = Bench::new(pool).await;
    bench.publish(Source::Stripe, refunded().refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    assert_eq!(bench.count("SELECT count(*) FROM facts WHERE natural_key LIKE '%re_%'").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 0);
}

/// Invoices of 2024-06-20 and before name theirs.
#[sqlx::test(migrations = "../migrations")]
async fn what_the_payload_tells_is_not_asked_for(pool: PgPool) {
    let stripe = Stripe::start(StatusCode::OK, json!({})).await;
    let mut bench = bench(pool, &stripe).await;
    let sale = Sample { version: Version::ALL[0], ..refunded() };
    bench.publish(Source::Stripe, sale.invoice_paid()).await;
    bench.publish(Source::Stripe, sale.charge_refunded()).await;
    bench.start();
    bench.drain().await;
    assert_eq!(stripe.calls.load(Ordering::Relaxed), 0);
    assert_eq!(bench.payable().await, 490);
}
