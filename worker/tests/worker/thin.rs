//! Thin events, alone and beside the snapshot events that tell the same.

use crate::support::{Bench, sale};
use app::provider_keys;
use axum::{Json, Router, http::StatusCode, response::IntoResponse, routing::get};
use domain::provider::Provider;
use queue::envelope::Source;
use serde_json::{Value, json};
use store::{PgPool, thin_events};

const KEY: &str = "--stripe-secret-key=rk_test_1";

/// What Stripe answers to somebody who asks for the event, and for the object.
#[derive(Clone)]
struct Answers {
    event: (StatusCode, Value),
    object: (StatusCode, Value),
}

/// A Stripe that gives these answers; the option that leads to it.
async fn stripe(answers: Answers) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("--stripe-api-base=http://{}", listener.local_addr().unwrap());
    let answer =
        |(status, body): (StatusCode, Value)| move || async move { (status, Json(body)).into_response() };
    let router = Router::new()
        .route("/v1/events/{id}", get(answer(answers.event)))
        .route("/v1/invoices/{id}", get(answer(answers.object)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

fn snapshot() -> Value {
    serde_json::from_str(&sale(1).invoice_paid()).unwrap()
}

fn no_such_thing() -> (StatusCode, Value) {
    (StatusCode::NOT_FOUND, json!({"error": {"type": "invalid_request_error", "message": "No such event"}}))
}

/// A Stripe that knows the event.
fn knows() -> Answers {
    Answers { event: (StatusCode::OK, snapshot()), object: no_such_thing() }
}

/// The thin form of the event.
fn thin() -> String {
    let snapshot = snapshot();
    let object = snapshot["data"]["object"]["id"].as_str().unwrap();
    json!({
        "id": "evt_65Thin", "object": "v2.core.event", "type": "v1.invoice.paid", "livemode": false,
        "created": "2026-06-01T12:00:00.000Z", "snapshot_event": snapshot["id"],
        "related_object": {"id": object, "type": "invoice", "url": format!("/v1/invoices/{object}")},
    })
    .to_string()
}

/// Delivers them one after the other.
async fn deliver(bench: &Bench, bodies: [String; 2]) {
    for (already, body) in bodies.into_iter().enumerate() {
        bench.publish(Source::Stripe, body).await;
        let settled = i64::try_from(already).unwrap();
        bench.until("the event", async || bench.count("SELECT count(*) FROM events").await > settled).await;
    }
}

async fn sees_one_effect(bench: &mut Bench) {
    bench.until("no thin event waits", async || waiting(bench).await == 0).await;
    bench.drain().await;
    assert_eq!(bench.payable().await, 980);
    assert_eq!(bench.count("SELECT count(*) FROM conversions").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM events").await, 2, "one thin, one snapshot");
}

async fn waiting(bench: &Bench) -> i64 {
    bench.count("SELECT count(*) FROM thin_events").await
}

async fn both_have_one_effect(pool: PgPool, key: Option<&str>, thin_first: bool) {
    let base = stripe(knows()).await;
    let arguments: Vec<&str> = [base.as_str()].into_iter().chain(key).collect();
    let mut bench = Bench::with_arguments(pool, &arguments).await;
    bench.start();
    let bodies = [thin(), snapshot().to_string()];
    let [one, other] = bodies;
    deliver(&bench, if thin_first { [one, other] } else { [other, one] }).await;
    sees_one_effect(&mut bench).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thin_event_before_its_snapshot_with_a_key_counts_once(pool: PgPool) {
    both_have_one_effect(pool, Some(KEY), true).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thin_event_after_its_snapshot_with_a_key_counts_once(pool: PgPool) {
    both_have_one_effect(pool, Some(KEY), false).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thin_event_before_its_snapshot_without_a_key_counts_once(pool: PgPool) {
    both_have_one_effect(pool, None, true).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thin_event_after_its_snapshot_without_a_key_counts_once(pool: PgPool) {
    both_have_one_effect(pool, None, false).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thin_event_waits_for_a_key_and_says_so(pool: PgPool) {
    let base = stripe(knows()).await;
    let mut bench = Bench::with_arguments(pool, &[&base]).await;
    bench.start();
    bench.publish(Source::Stripe, thin()).await;
    bench.until("it waits", async || waiting(&bench).await == 1).await;
    let mut connection = bench.pool.acquire().await.unwrap();
    let object = snapshot()["data"]["object"]["id"].as_str().unwrap().to_owned();
    let told = thin_events::about(&mut connection, Some(bench.realm.project), &object).await.unwrap();
    assert!(told[0].reason.contains("project 1 has no Stripe key of test mode"), "{}", told[0].reason);

    let sealer = provider_keys::sealer(None);
    let realm = bench.realm;
    provider_keys::keep(&mut connection, realm, Provider::Stripe, "rk_test_1", &sealer).await.unwrap();
    drop(connection);
    bench.until("the payment", async || bench.payable().await == 980).await;
    sees_one_effect(&mut bench).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_stripe_keeps_no_more_is_read_from_its_object(pool: PgPool) {
    let object = (StatusCode::OK, snapshot()["data"]["object"].clone());
    let base = stripe(Answers { event: no_such_thing(), object }).await;
    let mut bench = Bench::with_arguments(pool, &[&base, KEY]).await;
    bench.start();
    bench.publish(Source::Stripe, thin()).await;
    bench.until("the payment", async || bench.payable().await == 980).await;
    sees_one_effect(&mut bench).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thin_event_that_stripe_refuses_to_show_waits_with_its_words(pool: PgPool) {
    let refusal =
        json!({"error": {"type": "invalid_request_error", "message": "The key may not read events"}});
    let base = stripe(Answers { event: (StatusCode::FORBIDDEN, refusal), object: no_such_thing() }).await;
    let mut bench = Bench::with_arguments(pool, &[&base, KEY]).await;
    bench.publish(Source::Stripe, thin()).await;
    bench.start();
    bench.until("it waits", async || waiting(&bench).await == 1).await;
    bench.drain().await;
    let reason = bench.text("SELECT reason FROM thin_events").await.unwrap();
    assert_eq!(reason, "Stripe refused with status 403: The key may not read events");
    assert_eq!(bench.count("SELECT count(*) FROM dead_letters").await, 0);
}
