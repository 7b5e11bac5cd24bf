//! `GET /r/{code}`: affiliates' links.

use crate::support::{Answer, Api, Project, Setup, affiliate, project, start, with_key};
use common::config::LimitArgs;
use domain::ids::{Mode, ProjectId, Realm};
use reqwest::Method;
use serde_json::json;
use store::{PgPool, projects};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

async fn landing(pool: &PgPool, project: ProjectId, url: &str) {
    let url = url.parse().unwrap();
    let mut connection = pool.acquire().await.unwrap();
    assert!(projects::set_landing_url(&mut connection, project, Some(&url)).await.unwrap());
}

async fn visit(api: &Api, path: &str) -> Answer {
    visit_as(api, Method::GET, path, BROWSER).await
}

async fn visit_as(api: &Api, method: Method, path: &str, agent: &str) -> Answer {
    let redirects = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().no_proxy().redirect(redirects).build().unwrap();
    let request = http.request(method, api.url(path)).header("User-Agent", agent);
    Answer::read(request.send().await.unwrap()).await
}

async fn clicks(api: &Api, project: &Project, email: &str) -> serde_json::Value {
    let shown = api.get(project, &format!("/api/v1/affiliates/{email}")).send().await;
    shown.data(200)["clicks"].clone()
}

/// A project with a landing URL and Ann.
async fn programme(pool: &PgPool) -> Project {
    let project = project(pool).await;
    landing(pool, project.realm.project, "https://shop.example/en?lang=en").await;
    affiliate(pool, project.realm, "ann@example.com", "Ann").await;
    project
}

#[sqlx::test(migrations = "../migrations")]
async fn a_visitor_reaches_the_page_with_the_code_and_a_click_that_checkouts_may_name(pool: PgPool) {
    let (api, project) = (start(&pool).await, programme(&pool).await);
    let answer = visit(&api, "/r/aNN").await;
    assert_eq!((answer.status, answer.header("cache-control")), (302, "no-store"));
    let location = answer.header("location");
    let click = location.strip_prefix("https://shop.example/en?lang=en&ref=Ann&click_id=").unwrap();
    assert!(
        click.len() <= 200 && click.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
        "{click}"
    );
    assert_eq!(answer.header("set-cookie"), "");
    // It is the click that the REST API knows.
    let body = json!({"referral_code": "ann", "click_id": click}).to_string();
    let known = api.post(&project, "/api/v1/clicks", &body).send().await;
    assert_eq!(known.data(200)["url"], "https://shop.example/en?lang=en");
    assert_eq!(clicks(&api, &project, "ann@example.com").await, 1);
    let second = visit(&api, "/r/Ann").await;
    assert_ne!(second.header("location"), location);
    assert_eq!(clicks(&api, &project, "ann@example.com").await, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn programs_are_shown_the_way_and_not_counted(pool: PgPool) {
    let (api, project) = (start(&pool).await, programme(&pool).await);
    for (method, agent) in [
        (Method::HEAD, BROWSER),
        (Method::GET, "Slackbot-LinkExpanding 1.0"),
        (Method::GET, "okhttp/4.12.0"),
        (Method::GET, ""),
    ] {
        let answer = visit_as(&api, method, "/r/Ann", agent).await;
        assert_eq!(answer.status, 302, "{agent}");
        assert_eq!(answer.header("location"), "https://shop.example/en?lang=en&ref=Ann");
    }
    assert_eq!(clicks(&api, &project, "ann@example.com").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_never_leads_to_another_site(pool: PgPool) {
    let (api, project) = (start(&pool).await, programme(&pool).await);
    let below = visit(&api, "/r/Ann?path=pricing%2Fannual").await;
    assert!(below.header("location").starts_with("https://shop.example/en/pricing/annual?lang=en&ref=Ann&"));
    for path in
        ["%2F%2Fevil.example", "..%2Fadmin", "%5Cevil.example", "a%252e%252e", "https:%2F%2Fevil.example"]
    {
        let answer = visit(&api, &format!("/r/Ann?path={path}")).await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), ["path"], "{path}");
        assert_eq!(answer.header("location"), "");
    }
    for query in ["url=https://evil.example", "to=//evil.example", "ref=EVE&click_id=x"] {
        let answer = visit(&api, &format!("/r/Ann?{query}")).await;
        assert!(
            answer.header("location").starts_with("https://shop.example/en?lang=en&ref=Ann&click_id=clk_")
        );
    }
    assert_eq!(clicks(&api, &project, "ann@example.com").await, 4);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_of_nobody_is_not_found(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    affiliate(&pool, project.realm, "ann@example.com", "Ann").await;
    for path in ["/r/bob", "/r/%00", "/r/%20", "/r/Ann", "/r/Ann?project=999"] {
        // Ann's project has no landing URL.
        visit(&api, path).await.error(404, "not_found");
    }
    visit(&api, "/r/Ann?project=x").await.error(400, "invalid_parameters");
    visit_as(&api, Method::POST, "/r/Ann", BROWSER).await.error(405, "method_not_allowed");
    assert_eq!(clicks(&api, &project, "ann@example.com").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_of_several_projects_needs_the_projects_name(pool: PgPool) {
    let (api, one, other) = (start(&pool).await, programme(&pool).await, project(&pool).await);
    affiliate(&pool, other.realm, "annette@example.com", "ANN").await;
    // The other project has no links yet.
    assert!(visit(&api, "/r/ann").await.header("location").starts_with("https://shop.example/"));
    landing(&pool, other.realm.project, "http://other.example").await;
    let refused = visit(&api, "/r/ann").await;
    assert!(refused.error(404, "not_found").contains("?project="));
    let named = visit(&api, &format!("/r/ann?project={}", other.realm.project)).await;
    assert!(named.header("location").starts_with("http://other.example/?ref=ANN&click_id="));
    assert_eq!(clicks(&api, &one, "ann@example.com").await, 1);
    assert_eq!(clicks(&api, &other, "annette@example.com").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_live_code_goes_before_the_test_code_of_its_name(pool: PgPool) {
    let (api, test) = (start(&pool).await, programme(&pool).await);
    assert_eq!(visit(&api, "/r/ann").await.status, 302);
    let live = with_key(&pool, Realm { mode: Mode::Live, ..test.realm }).await;
    affiliate(&pool, live.realm, "ann@example.com", "ANN").await;
    assert!(visit(&api, "/r/ann").await.header("location").contains("ref=ANN&"));
    assert_eq!(clicks(&api, &test, "ann@example.com").await, 1);
    assert_eq!(clicks(&api, &live, "ann@example.com").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_link_of_an_inactive_affiliate_is_a_plain_link(pool: PgPool) {
    let (api, project) = (start(&pool).await, programme(&pool).await);
    let path = "/api/v1/affiliates/ann@example.com";
    api.put(&project, path, r#"{"status": "inactive"}"#).send().await.data(200);
    assert_eq!(visit(&api, "/r/ann").await.header("location"), "https://shop.example/en?lang=en");
    assert_eq!(clicks(&api, &project, "ann@example.com").await, 0);
    api.delete(&project, path).send().await.data(200);
    assert_eq!(visit(&api, "/r/ann").await.header("location"), "https://shop.example/en?lang=en");
}

#[sqlx::test(migrations = "../migrations")]
async fn links_are_limited_by_address(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 1, ..LimitArgs::off() };
    let api = Setup { limits, ..Setup::new(&pool) }.start().await;
    programme(&pool).await;
    let first = visit(&api, "/r/ann").await;
    assert_eq!((first.status, first.header("ratelimit-limit")), (302, "1"));
    visit(&api, "/r/ann").await.error(429, "rate_limited");
}
