use crate::support::{Bench, sale};
use app::provider_keys;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use domain::provider::Provider;
use queue::envelope::Source;
use serde_json::json;
use std::sync::{Arc, Mutex};
use store::{PgPool, projects};
use stripe::sample::{Sample, Version};

/// A Stripe that knows one answer, and writes down with which key it was asked.
struct Stripe {
    url: String,
    calls: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    body: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Stripe {
    async fn start(status: StatusCode, body: serde_json::Value) -> Self {
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let answer = Answer { status, body: body.to_string(), calls: Arc::clone(&calls) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(respond).with_state(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, calls }
    }

    /// With nothing to tell.
    async fn empty() -> Self {
        Self::start(StatusCode::OK, json!({"object": "list", "has_more": false, "data": []})).await
    }

    fn base(&self) -> String {
        format!("--stripe-api-base={}", self.url)
    }

    /// The keys of all calls.
    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

async fn respond(State(answer): State<Answer>, headers: HeaderMap) -> impl IntoResponse {
    let key = headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ");
    answer.calls.lock().unwrap().push(key.to_owned());
    (answer.status, [("content-type", "application/json")], answer.body)
}

async fn bench(pool: PgPool, stripe: &Stripe) -> Bench {
    Bench::with_arguments(pool, &[&stripe.base(), "--stripe-secret-key=sk_test_1"]).await
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
    let stripe = Stripe::empty().await;
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
    assert_eq!(stripe.calls(), ["sk_test_1"]);
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
    assert!(stripe.calls().is_empty());
    assert_eq!(bench.payable().await, 490);
}

/// Enters the project's own key.
async fn keep(bench: &Bench, key: &str, secrets_key: Option<&str>) {
    let mut connection = bench.pool.acquire().await.unwrap();
    let sealer = provider_keys::sealer(secrets_key);
    provider_keys::keep(&mut connection, bench.realm, Provider::Stripe, key, &sealer).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_project_is_asked_with_its_own_key_before_the_deployments(pool: PgPool) {
    let stripe = Stripe::empty().await;
    let mut bench = bench(pool, &stripe).await;
    keep(&bench, "rk_test_own", None).await;
    bench.publish(Source::Stripe, refunded().refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    assert_eq!(stripe.calls(), ["rk_test_own"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_deployments_key_is_not_tried_for_one_of_two_projects(pool: PgPool) {
    let stripe = Stripe::empty().await;
    let mut bench = bench(pool, &stripe).await;
    projects::create(&mut bench.pool.acquire().await.unwrap(), "Another").await.unwrap();
    bench.publish(Source::Stripe, refunded().refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    assert!(stripe.calls().is_empty(), "it may be of another account");
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sealed_key_that_cannot_be_opened_says_so(pool: PgPool) {
    let stripe = Stripe::empty().await;
    let mut bench = bench(pool, &stripe).await;
    keep(&bench, "rk_test_own", Some("0123456789abcdef0123456789abcdef")).await;
    bench.publish(Source::Stripe, refunded().refund_created("succeeded")).await;
    bench.start();
    bench.drain().await;
    let reason = bench.text("SELECT reason FROM dead_letters").await.unwrap();
    assert_eq!(
        reason,
        "the key of stripe of project 1 in test mode: it is sealed and SECRETS_KEY is not set"
    );
    assert!(stripe.calls().is_empty());
}
