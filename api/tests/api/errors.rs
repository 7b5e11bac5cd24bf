//! One format for every error.

use crate::support::{Answer, project, start};
use reqwest::Method;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn unknown_paths_and_wrong_methods_are_told_in_json(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for path in ["/", "/api", "/api/v1", "/api/v1/nothing", "/api/v2/conversions", "/webhooks", "/%ff"] {
        api.get(&project, path).send().await.error(404, "not_found");
    }
    let answer = api.call(&project, Method::PATCH, "/api/v1/conversions").send().await;
    answer.error(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"), "{answer:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn bodies_that_cannot_be_read_are_told(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let path = "/api/v1/conversions";
    for body in ["{", "", "[]", "null", "\"x\"", "{\"a\": 01}", "{\"a\": 1}}"] {
        api.post(&project, path, body).send().await.error(400, "invalid_json");
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    api.post(&project, path, &deep).send().await.error(400, "invalid_json");
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(300_000));
    api.post(&project, path, &large).send().await.error(413, "payload_too_large");
    let form = api.http.post(api.url(path)).bearer_auth(&project.key).body("amount=1");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded");
    Answer::read(form.send().await.unwrap()).await.error(415, "unsupported_media_type");
    let charset = api.http.post(api.url(path)).bearer_auth(&project.key).body(r#"{"amount": 1}"#);
    let charset =
        charset.header("Content-Type", "application/json; charset=utf-8").header("Prefer", "wait=0");
    assert_eq!(charset.send().await.unwrap().status(), 202);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_get_may_call_itself_json(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    api.get(&project, "/api/v1/conversions")
        .header("Content-Type", "application/json")
        .send()
        .await
        .data(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_id_is_echoed_or_made(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let answer = api.get(&project, "/nothing").header("X-Request-Id", "mine-1").send().await;
    answer.error(404, "not_found");
    assert_eq!(answer.header("x-request-id"), "mine-1");
    let answer = api.get(&project, "/nothing").header("X-Request-Id", &"x".repeat(500)).send().await;
    assert!(answer.header("x-request-id").len() < 100);
}

#[sqlx::test(migrations = "../migrations")]
async fn other_methods_behave(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let path = "/api/v1/conversions";
    let head = api.call(&project, Method::HEAD, path).send().await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), "application/json");
    for (method, path, allow) in [
        (Method::OPTIONS, path, "GET,HEAD,POST"),
        (Method::DELETE, path, "GET,HEAD,POST"),
        (Method::DELETE, "/api/v1/referrals/ann%40example.com", "GET,HEAD"),
        (Method::POST, "/api/v1/coupons/1", "GET,HEAD,PUT,DELETE"),
        (Method::POST, "/docs", "GET,HEAD"),
        (Method::POST, "/livez", "GET,HEAD"),
    ] {
        let answer = api.call(&project, method, path).send().await;
        answer.error(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{path}");
    }
    let deleted =
        api.delete(&project, "/api/v1/coupons/1").header("Content-Type", "application/json").send().await;
    deleted.error(404, "not_found");
}
