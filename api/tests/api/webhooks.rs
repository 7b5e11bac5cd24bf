//! `POST /webhooks/stripe/{projectId}`

use crate::support::{Answer, LIVE_SECRET, Setup, TEST_SECRET, project, queued, start};
use chrono::{TimeDelta, Utc};
use domain::ids::ProjectId;
use store::{PgPool, keys};

const BODY: &[u8] = b"{\n  \"id\": \"evt_1\",\n  \"type\": \"invoice.paid\"\n}";

#[sqlx::test(migrations = "../migrations")]
async fn a_signed_event_is_stored_as_it_came(pool: PgPool) {
    let api = start(&pool).await;
    let project = project(&pool).await;
    let answer = Answer::read(api.post_webhook(project.realm.project, TEST_SECRET, BODY).await).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"received":true}"#));
    assert!(!answer.header("x-request-id").is_empty());
    let queued = queued(&pool).await;
    assert_eq!(queued.len(), 1);
    let (headers, body) = &queued[0];
    assert_eq!(body, BODY);
    assert_eq!(headers["source"], "stripe");
    assert_eq!(headers["mode"], "test");
    assert_eq!(headers["project"], project.realm.project.0);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_secret_tells_the_mode(pool: PgPool) {
    let api = start(&pool).await;
    let project = project(&pool).await.realm.project;
    assert_eq!(api.post_webhook(project, LIVE_SECRET, BODY).await.status(), 200);
    assert_eq!(queued(&pool).await[0].0["mode"], "live");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_trace_travels_with_the_event(pool: PgPool) {
    let api = start(&pool).await;
    let project = project(&pool).await.realm.project;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = api
        .http
        .post(api.url(&format!("/webhooks/stripe/{project}")))
        .header("Stripe-Signature", stripe::signature::sign(TEST_SECRET, Utc::now(), BODY))
        .header("traceparent", trace)
        .body(BODY);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(queued(&pool).await[0].0["traceparent"], trace);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_proves_nothing_is_refused_with_what_to_mend(pool: PgPool) {
    let api = start(&pool).await;
    let id = project(&pool).await.realm.project;
    let unsigned = api.http.post(api.url(&format!("/webhooks/stripe/{id}"))).body(BODY);
    let unsigned = Answer::read(unsigned.send().await.unwrap()).await;
    assert!(unsigned.error(400, "invalid_signature").contains("Stripe-Signature"));

    let wrong = Answer::read(api.post_webhook(id, "whsec_other", BODY).await).await;
    assert!(wrong.error(400, "invalid_signature").contains("whsec_"));

    let stale = Utc::now() - TimeDelta::seconds(301);
    let stale = Answer::read(api.post_webhook_at(id, TEST_SECRET, BODY, stale).await).await;
    assert!(stale.error(400, "invalid_signature").contains("300 s"));

    let changed = api
        .http
        .post(api.url(&format!("/webhooks/stripe/{id}")))
        .header("Stripe-Signature", stripe::signature::sign(TEST_SECRET, Utc::now(), BODY))
        .body([BODY, b" "].concat());
    Answer::read(changed.send().await.unwrap()).await.error(400, "invalid_signature");

    assert!(queued(&pool).await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_project_is_not_found(pool: PgPool) {
    let api = start(&pool).await;
    for id in ["0", "-1", "abc", "", "1/2", "99999999999999999999"] {
        let answer =
            api.http.post(api.url(&format!("/webhooks/stripe/{id}"))).body(BODY).send().await.unwrap();
        Answer::read(answer).await.error(404, "not_found");
    }
}

/// Only one of our own is told that its address is wrong.
#[sqlx::test(migrations = "../migrations")]
async fn who_proves_nothing_does_not_learn_which_projects_there_are(pool: PgPool) {
    let api = start(&pool).await;
    let known = project(&pool).await.realm.project;
    let without_secret = project(&pool).await.realm.project;
    sqlx::query("UPDATE stripe_endpoints SET revoked_at = now() WHERE project_id = $1")
        .bind(without_secret.0)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(api.post_webhook(known, TEST_SECRET, BODY).await.status(), 200);
    let unknown = ProjectId(999_999);
    let old = Utc::now() - TimeDelta::seconds(301);
    for (secret, at) in [("whsec_other", Utc::now()), ("whsec_other", old)] {
        let mut answers = Vec::new();
        for id in [known, unknown, without_secret] {
            let answer = Answer::read(api.post_webhook_at(id, secret, BODY, at).await).await;
            answers.push((answer.status, answer.error(400, "invalid_signature").to_owned()));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
    }
    for id in [known, unknown] {
        let unsigned = api.http.post(api.url(&format!("/webhooks/stripe/{id}"))).body(BODY).send().await;
        Answer::read(unsigned.unwrap()).await.error(400, "invalid_signature");
    }
    Answer::read(api.post_webhook(unknown, TEST_SECRET, BODY).await).await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_over_the_limit_is_refused(pool: PgPool) {
    let api = start(&pool).await;
    let id = project(&pool).await.realm.project;
    let at_limit = vec![b' '; 1024 * 1024];
    assert_eq!(api.post_webhook(id, TEST_SECRET, &at_limit).await.status(), 200);
    let over = vec![b' '; 1024 * 1024 + 1];
    Answer::read(api.post_webhook(id, TEST_SECRET, &over).await).await.error(413, "payload_too_large");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_body_is_not_parsed_here(pool: PgPool) {
    let api = start(&pool).await;
    let id = project(&pool).await.realm.project;
    assert_eq!(api.post_webhook(id, TEST_SECRET, b"{broken").await.status(), 200);
    assert_eq!(queued(&pool).await[0].1, b"{broken");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_post_is_taken(pool: PgPool) {
    let api = start(&pool).await;
    let id = project(&pool).await.realm.project;
    let answer = api.http.get(api.url(&format!("/webhooks/stripe/{id}"))).send().await.unwrap();
    let answer = Answer::read(answer).await;
    answer.error(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_project_without_a_secret_says_so_until_it_has_one(pool: PgPool) {
    let realm = project(&pool).await.realm;
    // Before the start: a secret is honoured for up to two seconds after it was revoked.
    sqlx::query("UPDATE stripe_endpoints SET revoked_at = now()").execute(&pool).await.unwrap();
    let api = start(&pool).await;
    let answer = Answer::read(api.post_webhook(realm.project, TEST_SECRET, BODY).await).await;
    assert!(answer.error(400, "invalid_signature").contains("tributary project update"));

    keys::add_webhook_secret(&mut pool.acquire().await.unwrap(), realm, "whsec_new").await.unwrap();
    let known = async {
        while api.post_webhook(realm.project, "whsec_new", BODY).await.status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), known).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_project_is_known_at_once(pool: PgPool) {
    let api = start(&pool).await;
    let first = project(&pool).await.realm.project;
    assert_eq!(api.post_webhook(first, TEST_SECRET, BODY).await.status(), 200);
    let second = project(&pool).await.realm.project;
    assert_eq!(api.post_webhook(second, TEST_SECRET, BODY).await.status(), 200);
}

#[tokio::test]
async fn without_any_store_the_answer_is_to_come_again() {
    let api = Setup::without_database().start().await;
    let answer = Answer::read(api.post_webhook(ProjectId(1), TEST_SECRET, BODY).await).await;
    answer.error(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
}
