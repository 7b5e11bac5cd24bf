//! What an operator looks at over REST: events in, queues, what is wrong, and the proof.

use crate::settling::{sale, settle_for, settled};
use crate::support::{TEST_SECRET, project, start, with_role};
use chrono::Utc;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::PgPool;
use store::api_keys::KeyRole;

#[sqlx::test(migrations = "../migrations")]
async fn an_events_way_is_told_to_what_was_notified_of_it(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let ann = r#"{"email": "ann@example.com", "referral_code": "ANN"}"#;
    api.post(&project, "/api/v1/affiliates", ann).send().await.data(201);
    let paid = sale(1, "ANN", Utc::now()).invoice_paid();
    api.post_webhook(project.realm.project, TEST_SECRET, paid.as_bytes()).await;
    settled(&pool).await;

    let listed = api.get(&project, "/api/v1/received-events?type=invoice.paid").send().await;
    let event = listed.data(200)[0].clone();
    assert_eq!((&event["source"], &event["outcome"]), (&json!("stripe"), &json!("settled")));
    let path = format!("/api/v1/received-events/{}", event["id"]);
    let shown = api.get(&project, &path).send().await.data(200).clone();
    assert_eq!(shown["event_id"], event["event_id"]);
    let told = shown["notifications"].as_array().unwrap();
    let told = told.iter().find(|told| told["event"] == "commission_created").unwrap();
    assert_eq!(
        (&told["event"], &told["delta"], &told["currency"]),
        (&json!("commission_created"), &json!("9.80"), &json!("usd"))
    );
    assert_eq!(told["deliveries"], json!([]), "there is no endpoint");
    assert_eq!(shown["body"].as_str(), Some(paid.as_str()));

    // Who may only read does not see what a provider knows of a customer.
    let reader = with_role(&pool, project.realm, KeyRole::Read).await;
    let shown = api.get(&reader, &path).send().await.data(200).clone();
    assert_eq!((&shown["event_id"], &shown["body"]), (&event["event_id"], &Value::Null));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_that_is_too_long_to_count_has_no_total(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    sqlx::query(
        "INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, body_sha256, body)
         SELECT $1, FALSE, 'evt_' || n, 'stripe', 'invoice.paid', now(), now(), '', '' FROM generate_series(1, 10001) n",
    )
    .bind(project.realm.project.0)
    .execute(&pool)
    .await
    .unwrap();
    let page = api.get(&project, "/api/v1/received-events?limit=1").send().await;
    assert_eq!(
        (&page.body["pagination"]["total"], &page.body["pagination"]["has_more"]),
        (&Value::Null, &json!(true))
    );
    sqlx::query("DELETE FROM events WHERE event_id = 'evt_1'").execute(&pool).await.unwrap();
    let page = api.get(&project, "/api/v1/received-events?limit=1").send().await;
    assert_eq!(page.body["pagination"]["total"], 10_000);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_waits_and_who_works_is_told(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    sqlx::query(
        "INSERT INTO queue_messages (queue, headers, body, run_at, leased_until)
         SELECT 'tributary', '{}', '', now() + CASE n WHEN 1 THEN INTERVAL '1 hour' ELSE INTERVAL '-1 minute' END,
                CASE n WHEN 2 THEN now() + INTERVAL '1 hour' END
         FROM generate_series(1, 4) n",
    )
    .execute(&pool)
    .await
    .unwrap();
    let queues = api.get(&project, "/api/v1/queues").send().await.data(200).clone();
    let database = &queues["database"];
    assert_eq!(
        (&database["ready"], &database["in_flight"], &database["put_off"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert!(database["oldest_seconds"].as_f64().unwrap() >= 60.0);
    assert_eq!((&queues["broker"], &queues["workers"]), (&Value::Null, &json!([])));
    sqlx::query("DELETE FROM queue_messages").execute(&pool).await.unwrap();

    let worker = settle_for(&pool, &project, 0).await;
    let seen = async || api.get(&project, "/api/v1/queues").send().await.data(200)["workers"].clone();
    let until = Instant::now() + Duration::from_secs(20);
    while seen().await == json!([]) {
        assert!(Instant::now() < until, "no worker was seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen().await[0]["silent"], false);
    drop(worker);
    while seen().await != json!([]) {
        assert!(Instant::now() < until, "it did not take itself off");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_is_told_with_what_to_do(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let found = api.get(&project, "/api/v1/doctor").send().await.data(200).clone();
    assert_eq!(found["healthy"], false);
    let checks = found["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().find(|check| check["check"] == name).unwrap();
    assert_eq!((&of("schema")["health"], &of("schema")["of_project"]), (&json!("ok"), &json!(false)));
    assert_eq!(of("rules")["health"], "failure");
    assert!(of("rules")["mend"].as_str().unwrap().contains("project update"));
    assert_eq!(of("webhook secret")["health"], "ok", "the project has one");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_proof_is_the_digest_and_every_rule(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let proof = api.get(&project, "/api/v1/proof").send().await.data(200).clone();
    assert_eq!(proof["sound"], true);
    assert!(proof["rules"].as_array().unwrap().len() >= 10, "{proof}");
    let digest =
        store::digest::of(&mut pool.acquire().await.unwrap(), Some(project.realm.project)).await.unwrap();
    assert_eq!(proof["digest"], digest);
}
