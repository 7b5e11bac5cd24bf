//! An API in this process, a project in its database, and clients for both.

use api::{AppState, Clock, Parts, Pools, Tls};
use app::endpoints::Outgoing;
use chrono::{DateTime, Utc};
use common::config::{ConnectionArgs, LimitArgs};
use domain::command::Command;
use domain::ids::{Mode, ProjectId, Realm};
use notify::Policy;
use queue::{Prefix, Publisher, QueueConfig};
use reqwest::{Method, Response};
use sealing::Sealer;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use std::net::SocketAddr;
use store::api_keys::KeyRole;
use store::{PgPool, keys, projects};
use stripe::signature;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A secret of each mode.
pub(crate) const TEST_SECRET: &str = "whsec_test";
pub(crate) const LIVE_SECRET: &str = "whsec_live";

/// A running API.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) http: reqwest::Client,
    _stop: DropGuard,
}

/// How an API is set up.
pub(crate) struct Setup {
    pub(crate) limits: LimitArgs,
    pub(crate) tls: Option<Tls>,
    pub(crate) database: PgConnectOptions,
    pub(crate) metrics_apart: bool,
}

impl Setup {
    /// Without limits.
    pub(crate) fn new(pool: &PgPool) -> Self {
        Self {
            limits: LimitArgs::off(),
            tls: None,
            database: PgConnectOptions::clone(&pool.connect_options()),
            metrics_apart: false,
        }
    }

    /// On a database that is not there.
    pub(crate) fn without_database() -> Self {
        let database = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1).username("nobody");
        Self { limits: LimitArgs::off(), tls: None, database, metrics_apart: false }
    }

    pub(crate) async fn start(self) -> Api {
        let shutdown = CancellationToken::new();
        let publishing = CancellationToken::new();
        let config = QueueConfig::new(Prefix::default(), None, self.database.clone()).unwrap();
        let pool = store::PgPool::connect_lazy_with(self.database);
        let mut state = AppState::new(Parts {
            pools: Pools::one(&pool),
            publisher: Publisher::start(&config, publishing.clone()),
            limits: self.limits,
            clock: Clock::system(),
            outgoing: outgoing(),
        });
        if self.metrics_apart {
            state = state.with_metrics_apart();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn({
            let shutdown = shutdown.clone();
            async move {
                api::serve(listener, self.tls, state, &ConnectionArgs::default(), shutdown).await.unwrap();
                publishing.cancel();
            }
        });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Api { address, _stop: shutdown.clone().drop_guard(), shutdown, http }
    }
}

/// Reaches receivers on this machine.
fn outgoing() -> Outgoing {
    let policy = Policy::new(&["127.0.0.0/8".parse().unwrap()]);
    Outgoing::new(policy, Sealer::new(None, "webhook endpoint")).unwrap()
}

/// An API without limits, on the test's database.
pub(crate) async fn start(pool: &PgPool) -> Api {
    Setup::new(pool).start().await
}

impl Api {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn post_webhook(&self, project: ProjectId, secret: &str, body: &[u8]) -> Response {
        self.post_webhook_at(project, secret, body, Utc::now()).await
    }

    pub(crate) async fn post_webhook_at(
        &self,
        project: ProjectId,
        secret: &str,
        body: &[u8],
        at: DateTime<Utc>,
    ) -> Response {
        self.http
            .post(self.url(&format!("/webhooks/stripe/{project}")))
            .header("Stripe-Signature", signature::sign(secret, at, body))
            .body(body.to_vec())
            .send()
            .await
            .unwrap()
    }
}

/// A project with a key and a secret.
pub(crate) struct Project {
    pub(crate) realm: Realm,
    pub(crate) key: String,
    pub(crate) key_id: i64,
}

/// A project in test mode.
pub(crate) async fn project(pool: &PgPool) -> Project {
    // In one transaction, as the command line does it: nobody sees a project without its secrets.
    let mut transaction = pool.begin().await.unwrap();
    let id = projects::create(&mut transaction, "Acme").await.unwrap().id;
    let test = Realm { project: id, mode: Mode::Test };
    let live = Realm { project: id, mode: Mode::Live };
    keys::add_webhook_secret(&mut transaction, test, TEST_SECRET).await.unwrap();
    keys::add_webhook_secret(&mut transaction, live, LIVE_SECRET).await.unwrap();
    transaction.commit().await.unwrap();
    with_key(pool, test).await
}

/// A project's key of either mode.
pub(crate) async fn with_key(pool: &PgPool, realm: Realm) -> Project {
    with_role(pool, realm, KeyRole::Full).await
}

/// A key that may do so much.
pub(crate) async fn with_role(pool: &PgPool, realm: Realm, role: KeyRole) -> Project {
    let key = keys::SecretKey::generate();
    let new = keys::NewKey { name: "test", role, ..keys::NewKey::default() };
    let made = keys::create(&mut pool.acquire().await.unwrap(), realm, new, &key).await.unwrap();
    Project { realm, key: key.expose().to_owned(), key_id: made.id }
}

/// An affiliate with its code; its id.
pub(crate) async fn affiliate(pool: &PgPool, realm: Realm, email: &str, code: &str) -> i64 {
    let id = sqlx::query_scalar(
        "INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code)
         VALUES ($1, $2, $3, lower($3), $4) RETURNING id",
    )
    .bind(realm.project.0)
    .bind(realm.mode.is_live())
    .bind(email)
    .bind(code)
    .fetch_one(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO referral_codes (project_id, livemode, affiliate_id, code, code_folded)
         VALUES ($1, $2, $3, $4, lower($4))",
    )
    .bind(realm.project.0)
    .bind(realm.mode.is_live())
    .bind(id)
    .bind(code)
    .execute(pool)
    .await
    .unwrap();
    id
}

/// A request with a key.
pub(crate) struct Call<'a> {
    api: &'a Api,
    request: reqwest::RequestBuilder,
}

impl Api {
    pub(crate) fn call(&self, project: &Project, method: Method, path: &str) -> Call<'_> {
        Call { api: self, request: self.http.request(method, self.url(path)).bearer_auth(&project.key) }
    }

    pub(crate) fn get(&self, project: &Project, path: &str) -> Call<'_> {
        self.call(project, Method::GET, path)
    }

    pub(crate) fn post(&self, project: &Project, path: &str, body: &str) -> Call<'_> {
        self.call(project, Method::POST, path).json(body)
    }

    pub(crate) fn put(&self, project: &Project, path: &str, body: &str) -> Call<'_> {
        self.call(project, Method::PUT, path).json(body)
    }

    pub(crate) fn delete(&self, project: &Project, path: &str) -> Call<'_> {
        self.call(project, Method::DELETE, path)
    }
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(mut self, body: &str) -> Self {
        self.request = self.request.header("Content-Type", "application/json").body(body.to_owned());
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let _ = self.api;
        Answer::read(self.request.send().await.unwrap()).await
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The `data` of a success.
    #[track_caller]
    pub(crate) fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.body["success"], true);
        &self.body["data"]
    }

    /// An error in the one format; its message.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> &str {
        let error = &self.body["error"];
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.body["success"], false, "{}", self.text);
        assert_eq!(error["status"], status);
        assert_eq!(error["code"], code, "{}", self.text);
        assert_eq!(error["request_id"], self.header("x-request-id"));
        error["message"].as_str().unwrap()
    }

    /// The fields that an error names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let details = self.body["error"]["details"].as_array().map(Vec::as_slice).unwrap_or_default();
        details.iter().map(|detail| detail["field"].as_str().unwrap()).collect()
    }
}

/// A dead letter of a project's; its number.
pub(crate) async fn dead_letter(pool: &PgPool, project: &Project, reason: &str) -> i64 {
    let headers = serde_json::json!({
        "version": 1, "message_id": uuid::Uuid::now_v7(), "source": "stripe", "project": project.realm.project,
        "mode": project.realm.mode, "received_at": "2026-03-01T00:00:00Z",
    });
    sqlx::query_scalar(
        "INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
         VALUES ('tributary', $1, $2, $3, '{}', 1, $4) RETURNING id",
    )
    .bind(project.realm.project.0)
    .bind(project.realm.mode.is_live())
    .bind(headers)
    .bind(reason)
    .fetch_one(pool)
    .await
    .unwrap()
}

/// The messages on the queue: headers and bodies.
pub(crate) async fn queued(pool: &PgPool) -> Vec<(Value, Vec<u8>)> {
    sqlx::query_as("SELECT headers, body FROM queue_messages ORDER BY id").fetch_all(pool).await.unwrap()
}

/// A worker that settles every conversion as nobody's, until it is dropped.
pub(crate) fn worker(pool: &PgPool) -> DropGuard {
    let stop = CancellationToken::new();
    let pool = pool.clone();
    tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
        loop {
            settle(&pool).await;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }));
    stop.drop_guard()
}

/// Settles what is on the queue.
pub(crate) async fn settle(pool: &PgPool) {
    let mut transaction = pool.begin().await.unwrap();
    let messages: Vec<(i64, Value, Vec<u8>)> =
        sqlx::query_as("DELETE FROM queue_messages RETURNING id, headers, body")
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
    for (_, headers, body) in messages {
        let command: Command = serde_json::from_slice(&body).unwrap();
        sqlx::query(
            "INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at,
                                 body_sha256, body)
             VALUES ($1, $2, $3, 'api', $4, $5, now(), '', $6) ON CONFLICT DO NOTHING",
        )
        .bind(headers["project"].as_i64())
        .bind(headers["mode"] == "live")
        .bind(command.event_id())
        .bind(command.event_type())
        .bind(command.occurred_at())
        .bind(body)
        .execute(&mut *transaction)
        .await
        .unwrap();
        if let Command::Conversion { conversion, .. } = command {
            sqlx::query(
                "UPDATE conversions SET base_minor = $2, currency = $3, type = $4, paid = $5,
                        status = CASE WHEN $6 THEN 'reversed' ELSE 'unattributed' END
                 WHERE id = $1",
            )
            .bind(conversion.conversion.0)
            .bind(conversion.base.unwrap_or(0))
            .bind(conversion.currency)
            .bind(conversion.kind.as_str())
            .bind(conversion.paid)
            .bind(conversion.deleted)
            .execute(&mut *transaction)
            .await
            .unwrap();
        }
    }
    transaction.commit().await.unwrap();
}
