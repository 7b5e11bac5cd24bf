//! `/livez`, `/readyz`, `/metrics` and the OpenAPI document.

use crate::support::{Answer, Api, Setup, TEST_SECRET, project, start};
use std::time::Duration;
use store::PgPool;

async fn get(api: &Api, path: &str) -> Answer {
    Answer::read(api.http.get(api.url(path)).send().await.unwrap()).await
}

#[sqlx::test(migrations = "../migrations")]
async fn it_is_ready_when_a_store_takes_messages(pool: PgPool) {
    let api = start(&pool).await;
    assert_eq!(get(&api, "/livez").await.status, 200);
    let ready = async {
        loop {
            let answer = get(&api, "/readyz").await;
            if answer.status == 200 && answer.body["database"] == true {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), ready).await.unwrap();
    assert_eq!(answer.body["status"], "ready");
    assert!(answer.body["broker"].is_null());
}

#[tokio::test]
async fn it_is_alive_but_not_ready_without_any_store() {
    let api = Setup::without_database().start().await;
    assert_eq!(get(&api, "/livez").await.status, 200);
    let unready = async {
        while get(&api, "/readyz").await.status != 503 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), unready).await.unwrap();
    assert_eq!(get(&api, "/readyz").await.body["accepts"], false);
}

#[sqlx::test(migrations = "../migrations")]
async fn requests_are_counted_by_route(pool: PgPool) {
    watch::install().unwrap();
    let (api, project) = (start(&pool).await, project(&pool).await);
    api.get(&project, "/api/v1/conversions/999").send().await.error(404, "not_found");
    api.post_webhook(project.realm.project, TEST_SECRET, b"{}").await;
    let metrics = get(&api, "/metrics").await.text;
    let counted = |route: &str, status: &str| {
        metrics.lines().any(|line| {
            line.starts_with("tributary_http_requests_total{")
                && line.contains(&format!("route=\"{route}\""))
                && line.contains(&format!("status=\"{status}\""))
        })
    };
    assert!(counted("/api/v1/conversions/{id}", "404"), "{metrics}");
    assert!(counted("/webhooks/stripe/{projectId}", "200"), "{metrics}");
    assert!(metrics.contains("tributary_http_request_seconds_bucket"), "{metrics}");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_document_describes_the_routes(pool: PgPool) {
    let api = start(&pool).await;
    let answer = get(&api, "/api/v1/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = answer.body["paths"].as_object().unwrap();
    for path in ["/api/v1/conversions", "/api/v1/conversions/{id}", "/webhooks/stripe/{projectId}"] {
        assert!(paths.contains_key(path), "{path}");
    }
}

#[tokio::test]
async fn metrics_with_an_address_of_their_own_are_not_served_to_everybody() {
    let api = Setup { metrics_apart: true, ..Setup::without_database() }.start().await;
    assert_eq!(get(&api, "/metrics").await.status, 404);
    assert_eq!(get(&api, "/livez").await.status, 200);
}
