//! Nothing of one project is ever seen or changed with another's key: a walk over every route of the
//! OpenAPI document, so that no new one is forgotten, with every id that exists.

use crate::settling::{sale, settle_for, settled};
use crate::support::{Answer, Api, Project, TEST_SECRET, project, start, with_key};
use chrono::Utc;
use domain::ids::{Mode, Realm};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use store::{PgPool, digest, keys};

/// Everything that the first project knows has this in it, in some case.
const MARK: &str = "hidden";

/// Routes that need no key.
const KEYLESS: [&str; 2] = ["/webhooks/stripe/{projectId}", "/r/{code}"];

struct Route {
    method: Method,
    path: String,
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_key_that_is_valid_no_route_does_anything(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let worker = settle_for(&pool, &project, 0).await;
    let known = Known::enter(&api, &pool, &project).await;
    drop(worker);
    let revoked = with_key(&pool, project.realm).await;
    let mut connection = pool.acquire().await.unwrap();
    assert!(keys::revoke(&mut connection, project.realm.project, revoked.key_id).await.unwrap());
    let before = everything(&pool).await;
    let digest = digest::of(&mut connection, None).await.unwrap();
    let unknown = format!("rgk_{}", "0".repeat(64));
    let headers = [
        None,
        Some(format!("Bearer {}", revoked.key)),
        Some(format!("Bearer {unknown}")),
        Some("Bearer rgk_ü'; --".to_owned()),
        Some("Bearer".to_owned()),
        Some(format!("Basic {}", project.key)),
        Some(project.key.clone()),
    ];
    for route in routes() {
        for path in known.guesses(&route.path) {
            for header in &headers {
                let mut request = api.http.request(route.method.clone(), api.url(&path));
                if let Some(header) = header {
                    request = request.header("Authorization", header);
                }
                let answer = send(request, &route.method).await;
                answer.error(401, "unauthorized");
                assert!(!shows_anything(&answer, &[]), "{} {path}: {}", route.method, answer.text);
            }
        }
    }
    assert_eq!(everything(&pool).await, before);
    assert_eq!(digest::of(&mut connection, None).await.unwrap(), digest);
}

#[sqlx::test(migrations = "../migrations")]
async fn with_the_key_of_another_project_or_mode_nothing_is_seen_or_changed(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let worker = settle_for(&pool, &owner, 0).await;
    let known = Known::enter(&api, &pool, &owner).await;
    let other_mode = with_key(&pool, Realm { mode: Mode::Live, ..owner.realm }).await;
    let other_project = project(&pool).await;
    let (rows, digest) = (rows_of(&pool, owner.realm).await, digest_of(&pool, &owner).await);
    for stranger in [&other_project, &other_mode] {
        for route in routes() {
            for path in known.guesses(&route.path) {
                look(&api, stranger, &route, &path, &known).await;
            }
        }
        settled(&pool).await;
        assert_eq!(rows_of(&pool, owner.realm).await, rows);
        // The digest is of both modes.
        if stranger.realm.project != owner.realm.project {
            assert_eq!(digest_of(&pool, &owner).await, digest);
        }
    }
    drop(worker);
    // The walk does find what is there.
    for path in [
        "/api/v1/affiliates/hidden-1%40example.com",
        "/api/v1/payments/hidden-order/explanation",
        "/api/v1/acts",
        "/api/v1/received-events/1",
    ] {
        assert!(shows_anything(&api.get(&owner, path).send().await, &[]), "{path}");
    }
}

async fn look(api: &Api, stranger: &Project, route: &Route, path: &str, known: &Known) {
    let request = api.http.request(route.method.clone(), api.url(path)).bearer_auth(&stranger.key);
    let answer = send(request, &route.method).await;
    let told = format!("{} {path} was answered {}: {}", route.method, answer.status, answer.text);
    assert!(answer.status < 500, "{told}");
    if route.path.contains('{') {
        assert!(matches!(answer.status, 400 | 403 | 404), "{told}");
    }
    // What was guessed may be named in the refusal.
    let guessed: Vec<String> =
        known.texts.iter().filter(|text| path.contains(&encoded(text))).cloned().collect();
    assert!(!shows_anything(&answer, &guessed), "{told}");
    // A key sees itself.
    if let Some(list) = answer.body["data"].as_array().filter(|_| route.path != "/api/v1/keys") {
        assert!(list.is_empty(), "{told}");
    }
    if route.method == Method::POST {
        let bodies = known.bodies();
        // What the stranger has said itself it may hear again.
        let all = Value::from(bodies.clone()).to_string();
        let said: Vec<String> =
            known.texts.iter().filter(|text| all.contains(text.as_str())).cloned().collect();
        for body in bodies {
            let request = api.http.post(api.url(path)).bearer_auth(&stranger.key).json(&body);
            let answer = Answer::read(request.send().await.unwrap()).await;
            assert!(answer.status < 500, "{path} {body}: {}", answer.text);
            assert!(!shows_anything(&answer, &said), "{path} {body}: {}", answer.text);
            // A stranger may name what it likes as its own, but it never gets hold of what is there.
            if answer.status < 300 {
                let got = &answer.body["data"]["affiliate_id"];
                assert!(!known.affiliates.contains(got), "{path} {body}: {}", answer.text);
            }
        }
    }
}

async fn send(request: reqwest::RequestBuilder, method: &Method) -> Answer {
    let request = match *method {
        Method::POST => request.json(&json!({})),
        Method::PUT => request.json(&json!({"status": "inactive", "paid": true})),
        _ => request,
    };
    Answer::read(request.send().await.unwrap()).await
}

fn shows_anything(answer: &Answer, but: &[String]) -> bool {
    let mut text = answer.text.to_lowercase();
    for known in but {
        text = text.replace(&known.to_lowercase(), "");
    }
    text.contains(MARK)
}

/// Every route that needs a key.
fn routes() -> Vec<Route> {
    let document: Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("security").is_some() {
                assert!(KEYLESS.contains(&path.as_str()), "{method} {path} says that it needs no key");
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            routes.push(Route { method, path: path.clone() });
        }
    }
    assert!(routes.len() >= 20, "{}", routes.len());
    // What a stranger enters of its own it may see: entering comes last, after what is done with what is there.
    routes.sort_by_key(|route| (route.method == Method::POST, !route.path.contains('{')));
    routes
}

/// What the first project has.
struct Known {
    /// Ids of all kinds.
    ids: Vec<i64>,
    affiliates: Vec<Value>,
    /// E-mail addresses, codes, references, Stripe's ids.
    texts: Vec<String>,
    project: i64,
}

impl Known {
    /// Enters something of every kind.
    async fn enter(api: &Api, pool: &PgPool, owner: &Project) -> Self {
        let post = async |path: &str, body: Value| {
            let answer = api.post(owner, &format!("/api/v1{path}"), &body.to_string());
            answer.header("Prefer", "wait=4").send().await.data(201).clone()
        };
        let mut affiliates = Vec::new();
        for number in 1..=2 {
            let body = json!({"email": format!("hidden-{number}@example.com"), "referral_code": format!("HIDDEN{number}"),
                              "partner_slug": "hidden-slug", "payout_preferences": {"iban": "hidden-iban"}});
            affiliates.push(post("/affiliates", body).await["id"].clone());
        }
        let coupon = json!({"affiliate_id": affiliates[0], "coupon_code": "HIDDEN-10",
                            "stripe_promotion_code_id": "promo_hidden", "stripe_coupon_id": "hidden-coupon"});
        post("/coupons", coupon).await;
        post(
            "/clicks",
            json!({"referral_code": "HIDDEN1", "click_id": "hidden-click", "url": "https://hidden.example/"}),
        )
        .await;
        let referral = json!({"email": "hidden-buyer@example.com", "referral_code": "HIDDEN2",
                              "stripe_customer_id": "cus_hidden1", "external_id": "hidden-user"});
        post("/referrals", referral).await;
        let sale_told = json!({"base_value": 49.99, "email": "hidden-buyer@example.com", "reference": "hidden-order",
                               "coupon_code_used": "HIDDEN-10", "url": "https://hidden.example/order"});
        post("/conversions", sale_told).await;
        // Nothing of the kind happens: it stays as it is.
        let endpoint =
            json!({"url": "https://1.1.1.1/hidden", "description": "hidden", "events": ["payout_paid"]});
        post("/webhook-endpoints", endpoint).await;
        let sale = sale(1, "HIDDEN1", Utc::now());
        let paid = sale.invoice_paid();
        api.post_webhook(owner.realm.project, TEST_SECRET, paid.as_bytes()).await;
        settled(pool).await;
        post("/payouts", json!({})).await;
        post("/keys", json!({"name": "hidden-key", "role": "read"})).await;
        sqlx::query(
            "INSERT INTO acts (at, actor, project_id, livemode, what, subject)
             VALUES (now(), 'hidden person', $1, FALSE, 'key made', 'hidden-key')",
        )
        .bind(owner.realm.project.0)
        .execute(pool)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
             VALUES ('tributary', $1, FALSE, '{\"message_id\": \"hidden-letter\"}', 'hidden', 1, 'hidden reason')",
        )
        .bind(owner.realm.project.0)
        .execute(pool)
        .await
        .unwrap();
        let ids = "SELECT id FROM payouts UNION SELECT id FROM payout_batches UNION SELECT id FROM dead_letters
                   UNION SELECT id FROM api_keys WHERE name = 'hidden-key' UNION SELECT id FROM affiliates UNION SELECT id FROM coupons UNION SELECT id FROM conversions
                   UNION SELECT id FROM customers UNION SELECT id FROM webhook_endpoints";
        let ids = sqlx::query_scalar(ids).fetch_all(pool).await.unwrap();
        let conversions: Vec<String> =
            sqlx::query_scalar("SELECT payment_key FROM conversions WHERE payment_key IS NOT NULL")
                .fetch_all(pool)
                .await
                .unwrap();
        assert!(conversions.len() >= 2, "{conversions:?}");
        let texts = [
            "hidden-1@example.com",
            "hidden-2@example.com",
            "hidden-buyer@example.com",
            "HIDDEN1",
            "HIDDEN2",
            "HIDDEN-10",
            "promo_hidden",
            "hidden-click",
            "cus_hidden1",
            "hidden-user",
            "hidden-order",
        ];
        let texts = texts.map(str::to_owned).into_iter().chain(conversions).collect();
        Self { ids, affiliates, texts, project: owner.realm.project.0 }
    }

    /// The route's path with everything that exists in place of its parameters.
    fn guesses(&self, path: &str) -> Vec<String> {
        let mut guesses = vec![path.to_owned()];
        while let Some((_, rest)) = guesses.first().and_then(|guess| guess.split_once('{')) {
            let (name, _) = rest.split_once('}').unwrap();
            let hole = format!("{{{name}}}");
            let fillings = self.fillings(name);
            guesses = guesses
                .iter()
                .flat_map(|guess| fillings.iter().map(|filling| guess.replacen(&hole, filling, 1)))
                .collect();
        }
        guesses
    }

    fn fillings(&self, name: &str) -> Vec<String> {
        let ids = self.ids.iter().map(i64::to_string);
        let texts = self.texts.iter().map(|text| encoded(text));
        match name {
            "projectId" => vec![self.project.to_string()],
            name if name.to_lowercase().ends_with("id") && !name.starts_with("stripe") => ids.collect(),
            "email" | "payment_key" | "stripeCustomerId" => texts.collect(),
            // A new kind of parameter: everything is tried.
            _ => ids.chain(texts).collect(),
        }
    }

    /// Bodies that name what is the first project's.
    fn bodies(&self) -> Vec<Value> {
        let mut bodies = vec![
            json!({"email": "hidden-1@example.com"}),
            json!({"email": "hidden-buyer@example.com", "amount": 1, "reference": "hidden-order"}),
            json!({"email": "x@example.com", "referral_code": "HIDDEN1"}),
            json!({"referral_code": "HIDDEN1", "click_id": "hidden-click"}),
            json!({"url": "https://1.1.1.1/mine", "events": ["*"], "failed": true}),
            json!({"email": "x@example.com", "coupon_code": "HIDDEN-10", "coupon_code_used": "HIDDEN-10", "amount": 2}),
            json!({"email": "x@example.com", "stripe_customer_id": "cus_hidden1", "external_id": "hidden-user", "amount": 3}),
        ];
        for id in &self.ids {
            bodies.push(
                json!({"email": "y@example.com", "affiliate_id": id, "coupon_code": format!("mine-{id}")}),
            );
            bodies.push(json!({"referred_user_id": id, "amount": 1}));
        }
        bodies
    }
}

fn encoded(text: &str) -> String {
    text.replace('@', "%40").replace(':', "%3A")
}

async fn digest_of(pool: &PgPool, owner: &Project) -> String {
    digest::of(&mut pool.acquire().await.unwrap(), Some(owner.realm.project)).await.unwrap()
}

/// Every table's rows, hashed.
async fn everything(pool: &PgPool) -> BTreeMap<String, (i64, Option<String>)> {
    let tables = tables(pool, "id").await;
    hashes(pool, tables.into_iter().map(|table| (table, String::new()))).await
}

/// The rows of a project in one mode, hashed.
async fn rows_of(pool: &PgPool, realm: Realm) -> BTreeMap<String, (i64, Option<String>)> {
    let live = realm.mode.is_live();
    let condition = format!("WHERE project_id = {} AND livemode = {live}", realm.project);
    let tables = tables(pool, "livemode").await;
    hashes(pool, tables.into_iter().map(|table| (table, condition.clone()))).await
}

/// The tables that have a column. Keys note when they were used, messages come and go, and so do workers, who add changes to the sums of what
/// stands in other tables.
async fn tables(pool: &PgPool, column: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT table_name::text FROM information_schema.columns
         JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = $1
               AND table_name NOT IN ('api_keys', 'queue_messages', 'worker_heartbeats', 'rollup_deltas', 'rollups')",
    )
    .bind(column)
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() >= 5, "{tables:?}");
    tables
}

async fn hashes(
    pool: &PgPool,
    tables: impl Iterator<Item = (String, String)>,
) -> BTreeMap<String, (i64, Option<String>)> {
    let mut hashes = BTreeMap::new();
    for (table, condition) in tables {
        let query = format!(
            "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t {condition}"
        );
        let hash = sqlx::query_as(AssertSqlSafe(query)).fetch_one(pool).await.unwrap();
        hashes.insert(table, hash);
    }
    hashes
}
