//! Errors for clients that print `error` as it is: by key, or by request.

use crate::support::{Answer, Api, Project, Setup, project, start};
use common::config::LimitArgs;
use reqwest::Method;
use serde_json::{Value, json};
use store::PgPool;
use store::api_keys::ErrorForm;
use store::keys::{self, NewKey};

/// A key of the same project whose errors are texts.
async fn of_text(pool: &PgPool, project: &Project) -> Project {
    let secret = keys::SecretKey::generate();
    let mut connection = pool.acquire().await.unwrap();
    let new = NewKey { name: "texts", errors: ErrorForm::Text, ..NewKey::default() };
    let made = keys::create(&mut connection, project.realm, new, &secret).await.unwrap();
    Project { realm: project.realm, key: secret.expose().to_owned(), key_id: made.id }
}

/// An error as a text; its object.
#[track_caller]
fn text<'a>(answer: &'a Answer, status: u16, message: &str) -> &'a Value {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.body["success"], false);
    assert_eq!(answer.body["error"], message, "{}", answer.text);
    let detail = &answer.body["error_detail"];
    assert_eq!(detail["message"], message);
    assert_eq!(detail["status"], status);
    assert_eq!(detail["request_id"], answer.header("x-request-id"));
    detail
}

async fn missing(api: &Api, project: &Project, headers: &[(&str, &str)]) -> Answer {
    let call = api.post(project, "/api/v1/affiliates", "{}");
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
}

const MISSING: &str = "Missing required parameter: email";

#[sqlx::test(migrations = "../migrations")]
async fn a_key_or_a_request_asks_for_texts(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let texts = of_text(&pool, &project).await;
    let header = ("Tributary-Errors", "text");

    assert_eq!(missing(&api, &project, &[]).await.error(400, "invalid_parameters"), MISSING);
    for answer in [
        missing(&api, &texts, &[]).await,
        missing(&api, &project, &[header]).await,
        missing(&api, &project, &[("tributary-errors", " Text ")]).await,
    ] {
        let detail = text(&answer, 400, MISSING);
        assert_eq!(detail["code"], "invalid_parameters");
        assert_eq!(detail["details"], json!([{"field": "email", "message": MISSING}]));
    }
    // The request goes before the key; words that nobody knows change nothing.
    missing(&api, &texts, &[("Tributary-Errors", "object")]).await.error(400, "invalid_parameters");
    missing(&api, &project, &[("Tributary-Errors", "xml")]).await.error(400, "invalid_parameters");

    let path = "/api/v1/affiliates/nobody%40example.com";
    assert_eq!(api.get(&texts, path).send().await.body["error_detail"]["code"], "not_found");
    let patch = api.call(&texts, Method::PATCH, "/api/v1/affiliates").send().await;
    text(&patch, 405, patch.body["error"].as_str().unwrap());
    let stranger = Project { realm: project.realm, key: "rgk_unknown".to_owned(), key_id: 0 };
    let refused = api.get(&stranger, "/api/v1/affiliates").header(header.0, header.1).send().await;
    text(&refused, 401, "This API key is unknown or was revoked");
    let nowhere = api.http.get(api.url("/nowhere")).header(header.0, header.1).send().await.unwrap();
    text(&Answer::read(nowhere).await, 404, "There is nothing at this path");
    // A success is the same for all.
    api.get(&texts, "/api/v1/affiliates").send().await.data(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_error_that_is_kept_is_told_in_the_form_that_is_asked_for(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let key = ("Idempotency-Key", "one");
    let first = missing(&api, &project, &[key]).await;
    first.error(400, "invalid_parameters");
    let again = missing(&api, &project, &[key, ("Tributary-Errors", "text")]).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(text(&again, 400, MISSING)["code"], "invalid_parameters");
    let texts = of_text(&pool, &project).await;
    text(&missing(&api, &texts, &[key]).await, 400, MISSING);
    let again = missing(&api, &texts, &[key, ("Tributary-Errors", "object")]).await;
    assert_eq!(again.error(400, "invalid_parameters"), MISSING);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_limit_is_told_as_a_text_before_the_key_is_looked_at(pool: PgPool) {
    let project = project(&pool).await;
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 2, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let texts = of_text(&pool, &project).await;
    let get = async |project: &Project| api.get(project, "/api/v1/affiliates").send().await;
    get(&texts).await.data(200);
    get(&project).await.data(200);
    let refused = get(&texts).await;
    let told = refused.body["error"].as_str().unwrap_or_default().to_owned();
    assert!(told.starts_with("Too many requests: wait "), "{}", refused.text);
    assert_eq!(text(&refused, 429, &told)["code"], "rate_limited");
    get(&project).await.error(429, "rate_limited");
}
