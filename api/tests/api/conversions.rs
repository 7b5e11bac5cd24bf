//! `/api/v1/conversions`

use crate::support::{affiliate, project, queued, settle, start, with_key, worker};
use domain::command::Command;
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;
use store::PgPool;

const PATH: &str = "/api/v1/conversions";

#[sqlx::test(migrations = "../migrations")]
async fn a_posted_conversion_is_answered_when_it_is_settled(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let body = r#"{"type": "purchase", "base_value": 49.99, "email": "ann@example.com", "reference": "order-1",
                   "url": "https://example.com/o/1", "coupon_code_used": "SAVE10"}"#;
    let answer = api.post(&project, PATH, body).send().await;
    let conversion = answer.data(201);
    let id = conversion["id"].as_i64().unwrap();
    assert_eq!(answer.header("location"), format!("{PATH}/{id}"));
    let expected: Value = serde_json::from_str(&format!(
        r#"{{"id": {id}, "project_id": {}, "type": "purchase", "value": 0.00, "base_value": 49.99,
            "base_value_currency": "usd", "affiliate_id": null, "referred_user_id": null, "referral_code": null,
            "coupon_code_used": "SAVE10", "reference": "order-1", "paid": false, "url": "https://example.com/o/1",
            "created_at": {}, "status": "unattributed", "refunded_value": 0.00, "release_date": null,
            "source": "api", "attribution": null}}"#,
        project.realm.project, conversion["created_at"],
    ))
    .unwrap();
    assert_eq!(*conversion, expected);
    let again = api.get(&project, &format!("{PATH}/{id}")).send().await;
    assert_eq!(again.data(200), &expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_short_form_is_understood(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let body = r#"{"customer_email": "ann@example.com", "amount": 1999, "currency": "JPY"}"#;
    let answer = api.post(&project, PATH, body).send().await;
    let conversion = answer.data(201);
    assert_eq!(conversion["type"], "purchase");
    assert_eq!(conversion["base_value"].to_string(), "1999");
    assert_eq!(conversion["base_value_currency"], "jpy");
    let signup = api.post(&project, PATH, r#"{"customer_email": "bob@example.com"}"#).send().await;
    assert_eq!(signup.data(201)["type"], "signup");
}

#[sqlx::test(migrations = "../migrations")]
async fn amounts_come_back_to_the_cent(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    for (sent, currency, back) in [
        ("49.99", "usd", "49.99"),
        ("0.1", "eur", "0.10"),
        ("1.005", "kwd", "1.005"),
        ("\"7.07\"", "gbp", "7.07"),
    ] {
        let body = format!(r#"{{"amount": {sent}, "currency": "{currency}"}}"#);
        let answer = api.post(&project, PATH, &body).send().await;
        assert_eq!(answer.data(201)["base_value"].to_string(), back);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_worker_it_is_pending_and_its_command_is_on_the_queue(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let id = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let body = r#"{"amount": 10, "referral_code": "ref1", "external_id": 42, "stripe_customer_id": "cus_1"}"#;
    let answer = api.post(&project, PATH, body).header("Prefer", "respond-async").send().await;
    let conversion = answer.data(202);
    assert_eq!(conversion["status"], "pending");
    assert_eq!(conversion["affiliate_id"], id);
    assert_eq!(answer.header("location"), format!("{PATH}/{}", conversion["id"]));
    let queued = queued(&pool).await;
    let (headers, body) = &queued[0];
    assert_eq!(headers["source"], "api");
    let command: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(command["command"], "conversion");
    assert_eq!(command["revision"], 0);
    let posted = &command["conversion"];
    assert_eq!(posted["payment"], format!("conversion:{}", conversion["id"]));
    assert_eq!(posted["base"], 1000);
    assert_eq!(posted["affiliate"], id);
    assert_eq!(posted["who"], json!({"email": null, "stripe_customer": "cus_1", "external_id": "42"}));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_wait_is_as_long_as_the_caller_says(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let started = std::time::Instant::now();
    let body = r#"{"amount": 10}"#;
    api.post(&project, PATH, body).header("Prefer", "respond-async").send().await.data(202);
    assert!(started.elapsed().as_millis() < 900);
    api.post(&project, PATH, body).header("Prefer", "wait=1").send().await.data(202);
    assert!(started.elapsed().as_millis() >= 1000);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_reference_is_the_same_conversion(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let body = r#"{"amount": 10, "email": "ann@example.com", "reference": "order-1"}"#;
    let first = api.post(&project, PATH, body).send().await;
    let again = api.post(&project, PATH, body).send().await;
    assert_eq!(again.data(200), first.data(201));
    let other = r#"{"amount": 11, "email": "ann@example.com", "reference": "order-1"}"#;
    let conflict = api.post(&project, PATH, other).send().await;
    assert!(conflict.error(409, "conflict").contains("order-1"));
}

#[sqlx::test(migrations = "../migrations")]
async fn twenty_clients_with_one_reference_make_one_row(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let post = || async {
        let body = r#"{"amount": 10, "reference": "order-1"}"#;
        let answer = api.post(&project, PATH, body).send().await;
        (answer.status, answer.body["data"]["id"].clone())
    };
    let answers = futures::future::join_all((0..20).map(|_| post())).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert!(answers.iter().all(|(_, id)| *id == answers[0].1), "{answers:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_that_stripe_told_of_first_is_the_same_one(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, occurred_at)
         VALUES ($1, FALSE, 'in_1', 'purchase', 'stripe', 'unattributed', 'usd', now()) RETURNING id",
    )
    .bind(project.realm.project.0)
    .fetch_one(&pool)
    .await
    .unwrap();
    let listed = api.get(&project, PATH).send().await;
    assert_eq!(listed.data(200)[0]["reference"], "in_1");
    let answer = api.post(&project, PATH, r#"{"amount": 10, "reference": "in_1"}"#).send().await;
    assert_eq!(answer.data(200)["id"], id);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM conversions").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_is_unknown_is_named(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let other = crate::support::project(&pool).await;
    let foreign = affiliate(&pool, other.realm, "partner@example.com", "FOREIGN").await;
    let post = async |body: String| api.post(&project, PATH, &body).send().await;

    let answer = post(r#"{"amount": 1, "referral_code": "NOPE"}"#.to_owned()).await;
    assert!(answer.error(400, "invalid_parameters").contains("NOPE"));
    assert_eq!(answer.fields(), ["referral_code"]);
    post(r#"{"amount": 1, "referral_code": "FOREIGN"}"#.to_owned()).await.error(400, "invalid_parameters");
    let answer = post(format!(r#"{{"amount": 1, "affiliate_id": {foreign}}}"#)).await;
    assert!(answer.error(400, "invalid_parameters").contains(&foreign.to_string()));
    let answer = post(r#"{"amount": 1, "referred_user_id": 77}"#.to_owned()).await;
    assert_eq!(answer.fields(), ["referred_user_id"]);
    assert!(queued(&pool).await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn every_wrong_field_is_told_at_once(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = r#"{"type": "gift", "amount": 49.999, "value": -1, "email": "ann", "affiliate_id": "x",
                   "stripe_customer_id": "cus_\u0000", "paid": "maybe", "occurred_at": "yesterday",
                   "reference": "a\u0000b", "url": 7}"#;
    let answer = api.post(&project, PATH, body).send().await;
    answer.error(400, "invalid_parameters");
    let fields: BTreeSet<&str> = answer.fields().into_iter().collect();
    let wrong = [
        "affiliate_id",
        "amount",
        "email",
        "occurred_at",
        "paid",
        "reference",
        "stripe_customer_id",
        "type",
        "value",
    ];
    assert_eq!(fields, BTreeSet::from(wrong));
    let answer = api.post(&project, PATH, r#"{"amount": 1, "currency": "dollars"}"#).send().await;
    assert_eq!(answer.fields(), ["currency"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_is_a_further_revision_and_a_deletion_reverses(pool: PgPool) {
    let (api, project, worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let posted = api.post(&project, PATH, r#"{"amount": 10, "referral_code": "REF1"}"#).send().await;
    let path = format!("{PATH}/{}", posted.data(201)["id"]);

    let changed = api.put(&project, &path, r#"{"base_value": 12.5, "paid": true}"#).send().await;
    assert_eq!(changed.data(200)["base_value"].to_string(), "12.50");
    assert_eq!(changed.data(200)["paid"], true);

    let nothing = api.put(&project, &path, "{}").send().await;
    assert_eq!(nothing.data(200), changed.data(200));
    let same = api.put(&project, &path, &format!(r#"{{"affiliate_id": {owner}}}"#)).send().await;
    same.data(200);
    let moved = api.put(&project, &path, r#"{"affiliate_id": 999}"#).send().await;
    assert_eq!(moved.fields(), ["affiliate_id"]);
    let too_fine = api.put(&project, &path, r#"{"base_value_currency": "jpy"}"#).send().await;
    assert_eq!(too_fine.fields(), ["base_value"]);

    let deleted = api.delete(&project, &path).send().await;
    assert_eq!(deleted.data(200)["status"], "reversed");
    assert_eq!(api.delete(&project, &path).send().await.data(200), deleted.data(200));
    let revision: i64 =
        sqlx::query_scalar("SELECT revision FROM conversions").fetch_one(&pool).await.unwrap();
    assert_eq!(revision, 2);

    drop(worker);
    let pending =
        api.put(&project, &path, r#"{"base_value": 1}"#).header("Prefer", "respond-async").send().await;
    pending.data(202);
}

#[sqlx::test(migrations = "../migrations")]
async fn another_project_or_mode_sees_nothing(pool: PgPool) {
    let (api, project, _worker) = (start(&pool).await, project(&pool).await, worker(&pool));
    let posted = api.post(&project, PATH, r#"{"amount": 10, "reference": "order-1"}"#).send().await;
    let path = format!("{PATH}/{}", posted.data(201)["id"]);
    let live = with_key(&pool, Realm { mode: Mode::Live, ..project.realm }).await;
    for stranger in [crate::support::project(&pool).await, live] {
        api.get(&stranger, &path).send().await.error(404, "not_found");
        api.put(&stranger, &path, "{}").send().await.error(404, "not_found");
        api.delete(&stranger, &path).send().await.error(404, "not_found");
        assert_eq!(api.get(&stranger, PATH).send().await.data(200), &json!([]));
        let own = api.post(&stranger, PATH, r#"{"amount": 11, "reference": "order-1"}"#).send().await;
        assert_ne!(own.data(201)["id"], posted.data(201)["id"]);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_filtered_and_paged(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    for day in 1..=5 {
        let code = if day % 2 == 0 { r#", "referral_code": "REF1""# } else { "" };
        let body = format!(r#"{{"amount": {day}, "occurred_at": "2026-01-0{day}T12:00:00Z"{code}}}"#);
        api.post(&project, PATH, &body).header("Prefer", "respond-async").send().await.data(202);
    }
    settle(&pool).await;
    let amounts = async |query: String| {
        let answer = api.get(&project, &format!("{PATH}?{query}")).send().await;
        let rows = answer.data(200).as_array().unwrap().iter().map(|row| row["base_value"].to_string());
        (rows.collect::<Vec<_>>(), answer.body["pagination"].clone())
    };
    let (rows, pagination) = amounts("limit=2&offset=1".to_owned()).await;
    assert_eq!(rows, ["4.00", "3.00"]);
    assert_eq!(pagination["total"], 5);
    assert_eq!(pagination["has_more"], true);
    assert_eq!((&pagination["limit"], &pagination["offset"]), (&json!(2), &json!(1)));

    assert_eq!(amounts(format!("affiliate_id={owner}")).await.0, ["4.00", "2.00"]);
    assert_eq!(amounts("from=2026-01-02&to=2026-01-03".to_owned()).await.0, ["3.00", "2.00"]);
    assert_eq!(amounts("to=2026-01-01T12:00:00Z".to_owned()).await.0, ["1.00"]);
    assert!(amounts("to=2026-01-01T11:59:59.999Z".to_owned()).await.0.is_empty());
    assert_eq!(amounts("type=signup".to_owned()).await.1["total"], 0);
    assert_eq!(amounts("paid=false&status=unattributed&type=purchase".to_owned()).await.1["total"], 5);
    assert!(amounts("paid=true".to_owned()).await.0.is_empty());

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let (rows, pagination) = amounts(format!("limit=2{cursor}")).await;
        seen.extend(rows);
        match pagination["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["5.00", "4.00", "3.00", "2.00", "1.00"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_query_without_sense_is_told(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("offset=-1", "offset"),
        ("cursor=x", "cursor"),
        ("type=gift", "type"),
        ("status=open", "status"),
        ("paid=yes", "paid"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("affiliate_id=abc", "affiliate_id"),
        ("cursor=1-1&offset=1", "cursor"),
    ] {
        let answer = api.get(&project, &format!("{PATH}?{query}")).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [field], "{query}");
    }
    for id in ["0", "-1", "abc", "1.5", "99999999999999999999"] {
        api.get(&project, &format!("{PATH}/{id}")).send().await.error(400, "invalid_parameters");
    }
    api.get(&project, &format!("{PATH}/999")).send().await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_conversion_is_kept_with_its_command_or_not_at_all(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let post = || {
        let body = r#"{"amount": 10, "reference": "order-1"}"#;
        api.post(&project, PATH, body).header("Prefer", "respond-async").send()
    };
    let rename = async |from, to| {
        let rename = AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::query(rename).execute(&pool).await.unwrap();
    };
    let standing = async || {
        let rows = "SELECT id, revision FROM conversions";
        sqlx::query_as::<_, (i64, i64)>(rows).fetch_all(&pool).await.unwrap()
    };
    rename("queue_messages", "elsewhere").await;
    post().await.error(500, "internal");
    assert_eq!(standing().await, []);

    rename("elsewhere", "queue_messages").await;
    let id = post().await.data(202)["id"].as_i64().unwrap();
    assert_eq!(standing().await, [(id, 0)]);
    let put = || {
        let path = format!("{PATH}/{id}");
        api.put(&project, &path, r#"{"paid": true}"#).header("Prefer", "respond-async").send()
    };
    rename("queue_messages", "elsewhere").await;
    put().await.error(500, "internal");
    assert_eq!(standing().await, [(id, 0)]);

    rename("elsewhere", "queue_messages").await;
    put().await.data(202);
    assert_eq!(standing().await, [(id, 1)]);
    let commands = queued(&pool).await;
    let events = commands.iter().map(|(_, body)| serde_json::from_slice::<Command>(body).unwrap().event_id());
    assert_eq!(events.collect::<Vec<_>>(), [format!("conversion:{id}:0"), format!("conversion:{id}:1")]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_total_counts_what_its_filters_let_through(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    // Every second is Ann's, every fourth a signup, every tenth held; the first six are paid, three of them by payouts.
    sqlx::query(
        "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, affiliate_id,
                                  commission_minor, paid, paid_out_minor, occurred_at)
         SELECT $1, FALSE, 'in_' || n, CASE WHEN n % 4 = 0 THEN 'signup' ELSE 'purchase' END, 'stripe',
                CASE WHEN n % 10 = 0 THEN 'held' WHEN n % 2 = 0 THEN 'attributed' ELSE 'unattributed' END, 'usd',
                CASE WHEN n % 2 = 0 THEN $2 END, 10, n <= 3, CASE WHEN n BETWEEN 4 AND 6 THEN 10 WHEN n = 7 THEN 9 ELSE 0 END,
                '2026-03-01'::timestamptz + n * INTERVAL '1 day'
         FROM generate_series(1, 20) n",
    )
    .bind(project.realm.project.0)
    .bind(ann)
    .execute(&pool)
    .await
    .unwrap();
    for (query, total) in [
        (String::new(), 20),
        ("paid=true".to_owned(), 6),
        ("paid=false".to_owned(), 14),
        (format!("affiliate_id={ann}"), 10),
        (format!("affiliate_id={ann}&paid=true"), 3),
        (format!("affiliate_id={ann}&paid=false"), 7),
        ("type=signup".to_owned(), 5),
        ("type=signup&paid=false".to_owned(), 4),
        ("status=held".to_owned(), 2),
        ("from=2026-03-03&to=2026-03-08".to_owned(), 6),
        ("from=2026-03-03&to=2026-03-08&paid=false".to_owned(), 1),
    ] {
        let first = api.get(&project, &format!("/api/v1/conversions?limit=1&{query}")).send().await;
        first.data(200);
        assert_eq!(first.body["pagination"]["total"], total, "{query}");
        let all = api.get(&project, &format!("/api/v1/conversions?limit=100&{query}")).send().await;
        assert_eq!(all.data(200).as_array().unwrap().len(), total, "{query}");
    }
}
