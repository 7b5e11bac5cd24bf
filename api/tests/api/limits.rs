//! Rate limits.

use crate::support::{Setup, TEST_SECRET, project};
use common::config::{LimitArgs, Networks};
use common::store::PgPool;
use std::time::Duration;

#[sqlx::test(migrations = "../migrations")]
async fn one_request_too_many_passes_when_it_waits_as_told(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 60, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await;
    let get = async || api.get(&project, "/api/v1/conversions").send().await;
    let first = get().await;
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("60", "59"));
    let refused = loop {
        let answer = get().await;
        if answer.status == 429 {
            break answer;
        }
    };
    refused.error(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert_eq!(refused.header("ratelimit-reset"), "60");
    let wait = refused.header("retry-after").parse().unwrap();
    assert_eq!(wait, 1);
    tokio::time::sleep(Duration::from_secs(wait)).await;
    assert_eq!(get().await.status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_has_a_limit_of_its_own(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_key_per_hour: 2, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let (one, other) = (project(&pool).await, project(&pool).await);
    for _ in 0..2 {
        assert_eq!(api.get(&one, "/api/v1/conversions").send().await.status, 200);
    }
    let refused = api.get(&one, "/api/v1/conversions").send().await;
    refused.error(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-limit"), "2");
    assert_eq!(api.get(&other, "/api/v1/conversions").send().await.header("ratelimit-remaining"), "1");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_trusted_proxy_speaks_for_its_clients(pool: PgPool) {
    let trusted_proxies = Networks(vec!["127.0.0.0/8".parse().unwrap()]);
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 1, trusted_proxies, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await;
    let from = async |client| {
        api.get(&project, "/api/v1/conversions").header("X-Forwarded-For", client).send().await.status
    };
    assert_eq!(from("198.51.100.1").await, 200);
    assert_eq!(from("198.51.100.1").await, 429);
    assert_eq!(from("198.51.100.2").await, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn webhooks_and_probes_are_not_counted(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 1, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await.realm.project;
    for _ in 0..5 {
        assert_eq!(api.post_webhook(project, TEST_SECRET, b"{}").await.status(), 200);
        assert_eq!(api.http.get(api.url("/livez")).send().await.unwrap().status(), 200);
    }
}
