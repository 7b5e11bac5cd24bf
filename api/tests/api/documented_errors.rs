//! Each error that the OpenAPI document tells of is really answered, by every operation that tells of it, in
//! the one format.

use crate::document::{Operation, anything, operations};
use crate::support::{Answer, Api, Project, Setup, TEST_SECRET, project, start, with_role};
use common::config::LimitArgs;
use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::collections::BTreeSet;
use store::PgPool;
use store::api_keys::KeyRole;
use stripe::signature;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// No test sends a hundred thousand webhooks in a second: the limiter has tests of its own. What cannot be exported is among
/// the tests of payouts.
const NOT_PROVOKED: [(&str, u16); 2] = [("receive_stripe_webhook", 429), ("export_payout_batch", 409)];

struct Stage {
    api: Api,
    /// One request of a key, or of an address.
    limited_by_key: Api,
    limited_by_address: Api,
    owner: Project,
    stranger: Project,
    /// A key of the owner's that may read alone.
    reader: Project,
}

#[sqlx::test(migrations = "../migrations")]
async fn every_refusal_that_is_documented_is_given(pool: PgPool) {
    let limits = LimitArgs { rate_limit_per_key_per_hour: 1, ..LimitArgs::off() };
    let limited_by_key = Setup { limits, ..Setup::new(&pool) }.start().await;
    let limits = LimitArgs { rate_limit_per_ip_per_minute: 1, ..LimitArgs::off() };
    let limited_by_address = Setup { limits, ..Setup::new(&pool) }.start().await;
    let owner = project(&pool).await;
    let stage = Stage {
        api: start(&pool).await,
        limited_by_key,
        limited_by_address,
        reader: with_role(&pool, owner.realm, KeyRole::Read).await,
        owner,
        stranger: project(&pool).await,
    };
    for limited in [&stage.limited_by_key, &stage.limited_by_address] {
        limited.get(&stage.owner, "/api/v1/coupons").send().await.data(200);
    }
    let mut given = 0;
    for operation in operations() {
        for status in operation.statuses().into_iter().filter(|status| (400..500).contains(status)) {
            if NOT_PROVOKED.contains(&(operation.name(), status)) {
                continue;
            }
            let answer = stage.provoke(&operation, status).await;
            assert_eq!(answer.status, status, "{} is answered {answer:?}", operation.name());
            let code = answer.body["error"]["code"].as_str().unwrap().to_owned();
            assert!(codes(status).contains(&code.as_str()), "{}: {status} {code}", operation.name());
            assert!(!answer.error(status, &code).is_empty());
            assert_eq!(answer.headers.contains_key("retry-after"), status == 429, "{answer:?}");
            given += 1;
        }
    }
    assert!(given >= 100, "{given}");
}

/// The codes of docs/API.md (Errors) for a status.
fn codes(status: u16) -> &'static [&'static str] {
    match status {
        400 => &["invalid_parameters", "invalid_json", "invalid_signature"],
        401 => &["unauthorized"],
        403 => &["forbidden"],
        404 => &["not_found"],
        409 => &["idempotency_conflict"],
        413 => &["payload_too_large"],
        415 => &["unsupported_media_type"],
        429 => &["rate_limited"],
        other => panic!("no code of docs/API.md has the status {other}"),
    }
}

impl Stage {
    /// A request that this operation has to refuse with this status.
    async fn provoke(&self, operation: &Operation, status: u16) -> Answer {
        let unknown = operation.path_with(|name| self.unknown(name));
        let request = match status {
            400 => self.unreadable(operation),
            401 => self.api.http.request(operation.method.clone(), self.api.url(&unknown)),
            403 if operation.method == Method::GET => request(&self.api, &self.stranger, operation, &unknown),
            403 => request(&self.api, &self.reader, operation, &unknown).json(&anything()),
            404 if operation.method == Method::GET => request(&self.api, &self.owner, operation, &unknown),
            404 if is_webhook(operation) => {
                // Only who signs with a secret of ours is told.
                let sign = |path: &str, body: &'static str| {
                    let signature = stripe::signature::sign(TEST_SECRET, chrono::Utc::now(), body.as_bytes());
                    request(&self.api, &self.owner, operation, path)
                        .header("Stripe-Signature", signature)
                        .body(body)
                };
                sign(&unknown, "{").send().await.unwrap();
                sign(&unknown.replace(&self.owner.realm.project.to_string(), "999999999"), "{}")
            }
            404 => {
                let elsewhere = unknown.replace(&self.owner.realm.project.to_string(), "999999999");
                request(&self.api, &self.owner, operation, &elsewhere).json(&anything())
            }
            409 => {
                let again = |body: &'static str| {
                    request(&self.api, &self.owner, operation, &unknown)
                        .header("Idempotency-Key", operation.name())
                        .body(body)
                };
                again("{}").header("Content-Type", "application/json").send().await.unwrap();
                again(r#"{"email": "other"}"#).header("Content-Type", "application/json")
            }
            413 => request(&self.api, &self.owner, operation, &unknown)
                .header("Idempotency-Key", format!("large-{}", operation.name()))
                .header("Content-Type", "application/json")
                .body(vec![b' '; 1024 * 1024 + 1]),
            415 => request(&self.api, &self.owner, operation, &unknown)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body("email=ann%40example.com"),
            429 if operation.needs_key() => request(&self.limited_by_key, &self.owner, operation, &unknown),
            429 => request(&self.limited_by_address, &self.owner, operation, &unknown),
            other => panic!("{} documents {other}: write a request that gets it", operation.name()),
        };
        Answer::read(request.send().await.unwrap()).await
    }

    /// Something that could be there and is not; but the project is.
    fn unknown(&self, name: &str) -> String {
        match name {
            "projectId" => self.owner.realm.project.to_string(),
            "stripeCustomerId" => "cus_nobody".to_owned(),
            "email" => "nobody%40example.com".to_owned(),
            name if name.ends_with("id") => "999999999".to_owned(),
            _ => "nobody".to_owned(),
        }
    }

    fn unreadable(&self, operation: &Operation) -> RequestBuilder {
        let path = if operation.needs_key() || operation.method == Method::GET {
            operation.path_with(|_| "%FF".to_owned())
        } else {
            operation.path_with(|name| self.unknown(name))
        };
        let has_parameter = operation.path.contains('{');
        let query =
            if operation.method == Method::GET && !has_parameter { "?limit=0&at=x&as_of=x" } else { "" };
        let request = request(&self.api, &self.owner, operation, &format!("{path}{query}"));
        if operation.method == Method::POST {
            return request.header("Content-Type", "application/json").body("{");
        }
        request
    }
}

fn request(api: &Api, project: &Project, operation: &Operation, path: &str) -> RequestBuilder {
    api.http.request(operation.method.clone(), api.url(path)).bearer_auth(&project.key)
}

/// A request that gets to the database, were there one.
async fn reasonable(api: &Api, project: &Project, operation: &Operation) -> Answer {
    let path = operation.path_with(|name| match name {
        "projectId" => project.realm.project.to_string(),
        name if name.ends_with("id") => "1".to_owned(),
        _ => "anybody%40example.com".to_owned(),
    });
    let mut request = request(api, project, operation, &path);
    if matches!(operation.method, Method::POST | Method::PUT) {
        let body = Value::from(anything()).to_string();
        let signature = signature::sign(TEST_SECRET, chrono::Utc::now(), body.as_bytes());
        request = request.header("Content-Type", "application/json").body(body);
        request = request.header("Stripe-Signature", signature);
    }
    Answer::read(request.send().await.unwrap()).await
}

/// Whether a webhook: it is not told of our defects but to come again.
fn is_webhook(operation: &Operation) -> bool {
    operation.name() == "receive_stripe_webhook"
}

#[sqlx::test(migrations = "../migrations")]
async fn a_defect_is_an_internal_error_that_says_nothing_of_what_is_inside(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    api.get(&project, "/api/v1/coupons").send().await.data(200);
    sqlx::query("ALTER SCHEMA public RENAME TO elsewhere").execute(&pool).await.unwrap();
    for operation in operations().into_iter().filter(|operation| !is_webhook(operation)) {
        assert!(operation.statuses().contains(&500), "{}", operation.name());
        let answer = reasonable(&api, &project, &operation).await;
        assert_eq!(answer.error(500, "internal"), "Something went wrong on our side", "{}", operation.name());
        for inside in ["relation", "schema", "sql", "column", "anybody"] {
            assert!(!answer.text.to_lowercase().contains(inside), "{}", answer.text);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn while_the_database_is_away_every_call_may_come_again(pool: PgPool) {
    let project = project(&pool).await;
    let line = Line::to(&pool).await;
    let api = Setup { database: line.database.clone(), ..Setup::new(&pool) }.start().await;
    api.get(&project, "/api/v1/coupons").send().await.data(200);
    assert_eq!(api.post_webhook(project.realm.project, TEST_SECRET, b"{}").await.status(), 200);
    line.cut.cancel();
    all_are_unavailable(&api, &project).await;
}

/// Every table is locked: nothing fails, and nothing answers.
#[sqlx::test(migrations = "../migrations")]
async fn what_takes_too_long_may_come_again(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    api.get(&project, "/api/v1/coupons").send().await.data(200);
    let mut locking = PgConnection::connect_with(&pool.connect_options()).await.unwrap();
    sqlx::raw_sql(
        "BEGIN; DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT table_name FROM information_schema.tables
                        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' LOOP
                EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
            END LOOP;
         END $$",
    )
    .execute(&mut locking)
    .await
    .unwrap();
    let messages = all_are_unavailable(&api, &project).await;
    // Who has a connection waits for the tables, the others wait for a connection.
    assert!(messages.contains("This took too long: send it again"), "{messages:?}");
}

/// What the operations say.
async fn all_are_unavailable(api: &Api, project: &Project) -> BTreeSet<String> {
    let operations = operations();
    let answers = operations.iter().map(|operation| reasonable(api, project, operation));
    let mut messages = BTreeSet::new();
    for (operation, answer) in operations.iter().zip(join_all(answers).await) {
        assert!(operation.statuses().contains(&503), "{}", operation.name());
        assert_eq!(answer.status, 503, "{} is answered {answer:?}", operation.name());
        messages.insert(answer.error(503, "unavailable").to_owned());
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{answer:?}");
    }
    messages
}

/// A line to the database that can be cut.
struct Line {
    database: PgConnectOptions,
    cut: CancellationToken,
}

impl Line {
    async fn to(pool: &PgPool) -> Self {
        let direct = PgConnectOptions::clone(&pool.connect_options());
        assert!(direct.get_socket().is_none(), "the line is TCP");
        let target = (direct.get_host().to_owned(), direct.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = CancellationToken::new();
        tokio::spawn(cut.clone().run_until_cancelled_owned({
            let cut = cut.clone();
            async move {
                loop {
                    let (mut client, _) = listener.accept().await.unwrap();
                    let mut server = TcpStream::connect(target.clone()).await.unwrap();
                    tokio::spawn(cut.clone().run_until_cancelled_owned(async move {
                        // Whichever end hangs up first, the other one learns of it.
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }));
                }
            }
        }));
        Self { database: direct.host("127.0.0.1").port(port), cut }
    }
}
