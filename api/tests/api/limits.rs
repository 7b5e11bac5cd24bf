//! Rate limits.

use crate::settling::until;
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
    // Each hears of the other's within seconds; what it lets through until then is paid back.
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
    // A share of the window is 36 s; a few of them were too many.
    assert!((1..=36 * 30).contains(&wait), "{wait}");
    assert!((3_500..3_600 + 36 * 30).contains(&reset), "{reset}");
}
