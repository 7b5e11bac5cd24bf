//! Rate limits.

use crate::settling::until;
use crate::support::{Project, Setup, TEST_SECRET, project};
use common::config::{LimitArgs, Networks};
use reqwest::Method;
use std::time::Duration;
use store::PgPool;

/// For real, and therefore the one test that takes a minute.
#[sqlx::test(migrations = "../migrations")]
async fn the_101st_request_of_a_minute_passes_when_it_waits_as_told(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 100, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await;
    let get = async || api.get(&project, "/api/v1/conversions").send().await;
    for left in (0..100).rev() {
        let answer = get().await;
        answer.data(200);
        assert_eq!(answer.header("ratelimit-limit"), "100");
        assert_eq!(answer.header("ratelimit-remaining"), left.to_string());
        assert!(answer.header("ratelimit-reset").parse::<u64>().unwrap() <= 60);
    }
    let refused = get().await;
    refused.error(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert_eq!(refused.header("ratelimit-reset"), refused.header("retry-after"));
    let wait = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    get().await.data(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn every_answer_tells_what_is_left(pool: PgPool) {
    let limits =
        LimitArgs { rate_limit_per_ip_per_minute: 100, rate_limit_per_key_per_hour: 50, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await;
    let keyless = Project { key: String::new(), ..project };
    let mut left = 100;
    for (project, method, path, status) in [
        (&keyless, Method::GET, "/api/v1/conversions", 401),
        (&keyless, Method::GET, "/nothing", 404),
        (&keyless, Method::PATCH, "/api/v1/conversions", 405),
        (&keyless, Method::GET, "/api/v1/openapi.json", 200),
        (&keyless, Method::GET, "/docs", 200),
    ] {
        left -= 1;
        let answer = api.call(project, method, path).send().await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("ratelimit-limit"), "100", "{path}");
        assert_eq!(answer.header("ratelimit-remaining"), left.to_string(), "{path}");
        assert!(!answer.header("ratelimit-reset").is_empty(), "{path}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn who_is_no_trusted_proxy_speaks_for_itself(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 1, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await;
    let from = async |client| {
        api.get(&project, "/api/v1/conversions").header("X-Forwarded-For", client).send().await.status
    };
    assert_eq!(from("198.51.100.1").await, 200);
    assert_eq!(from("198.51.100.2").await, 429);
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

#[sqlx::test(migrations = "../migrations")]
async fn processes_share_the_limit_of_a_key(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_key_per_hour: 100, ..LimitArgs::off() };
    let one = Setup { limits: limits.clone(), ..Setup::new(&pool) }.start().await;
    let other = Setup { limits, ..Setup::new(&pool) }.start().await;
    let project = project(&pool).await;
    let left = async |api: &crate::support::Api| {
        let answer = api.get(&project, "/api/v1/conversions").send().await;
        assert_eq!(answer.header("ratelimit-limit"), "100");
        (answer.status, answer.header("ratelimit-remaining").parse::<i64>().unwrap())
    };
    for used in 1..=60 {
        assert_eq!(left(&one).await, (200, 100 - used));
    }
    // Each hears of the other's within seconds.
    let heard = async |api: &crate::support::Api, condition: fn((u16, i64)) -> bool| {
        until("the other process's report", async || {
            tokio::time::sleep(Duration::from_millis(200)).await;
            condition(left(api).await)
        })
        .await;
    };
    heard(&other, |(_, left)| left < 40).await;
    while left(&other).await.0 == 200 {}
    heard(&one, |(status, _)| status == 429).await;
    let refused = one.get(&project, "/api/v1/conversions").send().await;
    refused.error(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    let reset: u64 = refused.header("ratelimit-reset").parse().unwrap();
    // The window is one for both, and ends when it says.
    assert_eq!(wait, reset);
    assert!((3_500..=3_600).contains(&reset), "{reset}");
}
