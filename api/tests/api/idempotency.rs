//! `Idempotency-Key`

use crate::settling::settle_for;
use crate::support::{Answer, affiliate, project, start, worker};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use store::PgPool;

const PATH: &str = "/api/v1/conversions";
const BODY: &str = r#"{"amount": 10, "email": "ann@example.com"}"#;

#[sqlx::test(migrations = "../migrations")]
async fn a_repeated_request_is_answered_as_before(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let post = async |body| api.post(&project, PATH, body).header("Idempotency-Key", "k1").send().await;
    let first = post(BODY).await;
    let again = post(BODY).await;
    assert_eq!(again.data(201), first.data(201));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("idempotent-replayed"), "true");
    post(r#"{"amount": 11}"#).await.error(409, "idempotency_conflict");
    let other = api.post(&project, PATH, BODY).header("Idempotency-Key", "k2").send().await;
    assert_ne!(other.data(201)["id"], first.data(201)["id"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_error_is_an_answer_too(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let post =
        async || api.post(&project, PATH, r#"{"amount": -1}"#).header("Idempotency-Key", "k1").send().await;
    post().await.error(400, "invalid_parameters");
    let again = post().await;
    // With the id of this request, as every error has it.
    again.error(400, "invalid_parameters");
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.fields(), ["amount"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn twenty_clients_with_one_key_make_one_row(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let post = || async {
        loop {
            let answer = api.post(&project, PATH, BODY).header("Idempotency-Key", "k1").send().await;
            if answer.status != 409 {
                return answer.data(201)["id"].clone();
            }
            answer.error(409, "idempotency_conflict");
            assert_eq!(answer.header("retry-after"), "1");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let ids = futures::future::join_all((0..20).map(|_| post())).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM conversions").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_that_never_answered_runs_again_and_meets_what_it_made(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let post = async || api.post(&project, PATH, BODY).header("Idempotency-Key", "k1").send().await;
    let first = post().await;
    sqlx::query("UPDATE idempotency_keys SET response_status = NULL, locked_until = now() - interval '1 s'")
        .execute(&pool)
        .await
        .unwrap();
    let again = post().await;
    assert_eq!(again.data(200)["id"], first.data(201)["id"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_without_sense_is_told(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for key in [&"k".repeat(256), "", "a\tb"] {
        let answer = api.post(&project, PATH, BODY).header("Idempotency-Key", key).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), ["Idempotency-Key"], "{key:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wrong_method_uses_up_no_key(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let with_key = |method, path| api.call(&project, method, path).header("Idempotency-Key", "k1");
    for _ in 0..2 {
        let answer = with_key(reqwest::Method::PUT, PATH).send().await;
        answer.error(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD,POST");
    }
    api.post(&project, PATH, BODY).header("Idempotency-Key", "k1").send().await.data(201);
}

/// Whatever enters something: the path, a body, another body, and the table that gets one row.
fn posts(affiliate: i64) -> [(&'static str, Value, Value, &'static str); 5] {
    [
        (
            "/api/v1/affiliates",
            json!({"email": "new@example.com"}),
            json!({"email": "other@example.com"}),
            "affiliates WHERE user_email LIKE '%new@%'",
        ),
        (
            "/api/v1/coupons",
            json!({"affiliate_id": affiliate, "coupon_code": "SAVE10"}),
            json!({"affiliate_id": affiliate, "coupon_code": "SAVE20"}),
            "coupons",
        ),
        ("/api/v1/clicks", json!({"referral_code": "ANN"}), json!({"referral_code": "ann"}), "clicks"),
        (
            "/api/v1/referrals",
            json!({"email": "buyer@example.com", "referral_code": "ANN"}),
            json!({"email": "buyer@example.com"}),
            "registrations",
        ),
        (
            "/api/v1/conversions",
            json!({"amount": 10, "email": "payer@example.com"}),
            json!({"amount": 11, "email": "payer@example.com"}),
            "conversions",
        ),
    ]
}

#[sqlx::test(migrations = "../migrations")]
async fn whatever_is_entered_by_twenty_clients_with_one_key_is_one_row_also_after_a_restart(pool: PgPool) {
    let project = project(&pool).await;
    let affiliate = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let _worker = settle_for(&pool, &project, 30).await;
    let first = start(&pool).await;
    let mut answered = Vec::new();
    for (path, body, other, table) in posts(affiliate) {
        let (body, other) = (body.to_string(), other.to_string());
        let post = || async {
            loop {
                let answer = first.post(&project, path, &body).header("Idempotency-Key", path).send().await;
                if answer.status != 409 {
                    return answer;
                }
                answer.error(409, "idempotency_conflict");
                assert_eq!(answer.header("retry-after"), "1");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let answers = futures::future::join_all((0..20).map(|_| post())).await;
        for answer in &answers {
            assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
            assert_eq!((answer.status, &answer.text), (answers[0].status, &answers[0].text), "{path}");
        }
        let fresh = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty());
        assert_eq!(fresh.count(), 1, "{path}");
        let rows = format!("SELECT count(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&pool).await.unwrap();
        assert_eq!(rows, 1, "{path}");
        let conflict = first.post(&project, path, &other).header("Idempotency-Key", path).send().await;
        conflict.error(409, "idempotency_conflict");
        assert_eq!(conflict.header("retry-after"), "", "it would never get through");
        answered.push((path, body, answers.into_iter().next().unwrap()));
    }
    first.shutdown.cancel();
    let second = start(&pool).await;
    for (path, body, before) in answered {
        let again: Answer = second.post(&project, path, &body).header("Idempotency-Key", path).send().await;
        assert_eq!((again.status, &again.text), (before.status, &before.text), "{path}");
        assert_eq!(again.header("location"), before.header("location"), "{path}");
        assert_eq!(again.header("idempotent-replayed"), "true", "{path}");
    }
}
