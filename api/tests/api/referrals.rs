//! `/api/v1/referrals`

use crate::settling::{sale, settle_for, settled};
use crate::support::{Answer, Api, Project, TEST_SECRET, affiliate, project, queued, start, with_key};
use chrono::Utc;
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{PgPool, keys};

const PATH: &str = "/api/v1/referrals";

async fn post(api: &Api, project: &Project, body: &Value) -> Answer {
    api.post(project, PATH, &body.to_string()).header("Prefer", "wait=4").send().await
}

async fn count(pool: &PgPool, table: &'static str) -> i64 {
    let sql = match table {
        "customers" => "SELECT count(*) FROM customers WHERE NOT retired",
        _ => "SELECT count(*) FROM registrations",
    };
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_referral_is_registered_and_read(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let body = json!({"email": " Änne+1@Example.com ", "referral_code": "ref1", "status": "pending",
                      "stripe_customer_id": "cus_1", "external_id": 42});
    let answer = post(&api, &project, &body).await;
    let referral = answer.data(201).clone();
    let expected = json!({
        "id": referral["id"], "user_email": "Änne+1@Example.com", "conversion_status": "pending",
        "conversion_date": null, "created_at": referral["created_at"], "affiliate_id": owner,
        "affiliate_code": "REF1", "stripe_customer_id": "cus_1", "external_id": "42",
        "attribution": referral["attribution"],
    });
    assert_eq!(referral, expected);
    assert!(referral["id"].is_i64());
    assert_eq!(referral["attribution"]["method"], "api");
    for path in [answer.header("location"), "/api/v1/referrals/%C3%84NNE%2B1%40example.COM"] {
        assert_eq!(api.get(&project, path).send().await.data(200), &expected);
    }
    for email in ["nobody%40example.com", "a%00b"] {
        api.get(&project, &format!("{PATH}/{email}")).send().await.error(404, "not_found");
    }
    let by_id = post(&api, &project, &json!({"email": "bob@example.com", "affiliate_id": owner})).await;
    assert_eq!(
        (&by_id.data(201)["affiliate_id"], &by_id.data(201)["affiliate_code"]),
        (&json!(owner), &json!("REF1"))
    );
    let direct = post(&api, &project, &json!({"email": "eve@example.com"})).await;
    assert_eq!(direct.data(201)["conversion_status"], "direct_signup");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_again_is_the_same_referral(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let body = json!({"email": "ann@example.com", "referral_code": "REF1", "external_id": "u1"});
    let first = post(&api, &project, &body).await;
    for again in [
        body,
        json!({"email": "ANN@example.com", "referral_code": "ref1"}),
        json!({"email": "ann@example.com"}),
        json!({"email": "ann@example.com", "external_id": "u1", "status": "pending"}),
    ] {
        assert_eq!(post(&api, &project, &again).await.data(200), first.data(201), "{again}");
    }
    assert_eq!((count(&pool, "registrations").await, count(&pool, "customers").await), (1, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn twenty_clients_register_one_referral(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let body = json!({"email": "ann@example.com", "referral_code": "REF1"});
    let answers = futures::future::join_all((0..20).map(|_| post(&api, &project, &body))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 19, "{statuses:?}");
    assert!(answers.iter().all(|answer| answer.body["data"]["id"] == answers[0].body["data"]["id"]));
    assert_eq!((count(&pool, "registrations").await, count(&pool, "customers").await), (1, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_first_affiliate_keeps_it(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let worker = settle_for(&pool, &project, 0).await;
    let first = affiliate(&pool, project.realm, "first@example.com", "FIRST").await;
    let second = affiliate(&pool, project.realm, "second@example.com", "SECOND").await;
    post(&api, &project, &json!({"email": "ann@example.com", "affiliate_id": first})).await.data(201);
    for other in [json!({"affiliate_id": second}), json!({"referral_code": "second"})] {
        let mut body = other;
        body["email"] = json!("Ann@example.com");
        let answer = post(&api, &project, &body).await;
        assert!(answer.error(409, "conflict").contains(&format!("affiliate {first}")));
    }
    // What was told is numbered by the worker.
    settled(&pool).await;
    drop(worker);
    // Before a worker has settled it, too.
    let pending = json!({"email": "bob@example.com", "affiliate_id": first});
    let respond_async = async |body: &Value| {
        api.post(&project, PATH, &body.to_string()).header("Prefer", "respond-async").send().await
    };
    crate::settling::until("the worker's end", async || {
        let answer = respond_async(&json!({"email": "probe@example.com"})).await;
        answer.status == 202 && queued(&pool).await.len() == 1
    })
    .await;
    let answer = respond_async(&pending).await;
    let referral = answer.data(202);
    assert_eq!((&referral["id"], &referral["affiliate_id"]), (&json!(null), &json!(first)));
    assert_eq!(referral["conversion_status"], "pending");
    respond_async(&pending).await.data(202);
    let other = json!({"email": "bob@example.com", "affiliate_id": second});
    respond_async(&other).await.error(409, "conflict");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_learnt_later_is_added(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let first = post(&api, &project, &json!({"email": "ann@example.com"})).await.data(201).clone();
    for (body, status) in [
        (json!({"email": "ann@example.com", "stripe_customer_id": "cus_1"}), "direct_signup"),
        (json!({"email": "ann@example.com", "external_id": "u1"}), "direct_signup"),
        (json!({"email": "ann@example.com", "referral_code": "REF1"}), "pending"),
        (json!({"email": "ann@example.com", "status": "converted"}), "converted"),
    ] {
        let referral = post(&api, &project, &body).await;
        assert_eq!(referral.data(201)["conversion_status"], status, "{body}");
        assert_eq!(post(&api, &project, &body).await.data(200), referral.data(201), "{body}");
    }
    let known = api.get(&project, &format!("{PATH}/ann%40example.com")).send().await.data(200).clone();
    assert_eq!((&known["stripe_customer_id"], &known["external_id"]), (&json!("cus_1"), &json!("u1")));
    assert_eq!((&known["affiliate_id"], &known["created_at"]), (&json!(owner), &first["created_at"]));
    assert!(known["conversion_date"].is_string());
    assert_eq!(count(&pool, "customers").await, 1);

    // Another user with the same address is another referral, of the same affiliate.
    let other = json!({"email": "ann@example.com", "stripe_customer_id": "cus_2", "external_id": "u2"});
    let other = post(&api, &project, &other).await.data(201).clone();
    assert_ne!(other["id"], known["id"]);
    assert_eq!(count(&pool, "customers").await, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_registered_referral_earns_when_it_pays(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let inactive = json!({"email": "idle@example.com", "referral_code": "IDLE", "status": "inactive"});
    api.post(&project, "/api/v1/affiliates", &inactive.to_string()).send().await.data(201);
    let unbound = json!({"email": "customer1@example.com", "referral_code": "IDLE"});
    let referral = post(&api, &project, &unbound).await;
    assert_eq!(referral.data(201)["affiliate_id"], json!(null), "its code binds nobody");
    assert_eq!(post(&api, &project, &unbound).await.data(200), referral.data(201));

    let body = json!({"email": "customer1@example.com", "affiliate_id": owner});
    assert_eq!(post(&api, &project, &body).await.data(201)["affiliate_id"], owner);
    let paid = sale(1, "nobodys", Utc::now() + chrono::TimeDelta::minutes(1)).invoice_paid();
    api.post_webhook(project.realm.project, TEST_SECRET, paid.as_bytes()).await;
    settled(&pool).await;
    let known = api.get(&project, &format!("{PATH}/customer1%40example.com")).send().await.data(200).clone();
    assert_eq!((&known["conversion_status"], &known["affiliate_id"]), (&json!("converted"), &json!(owner)));
    let partner = api.get(&project, "/api/v1/affiliates/partner%40example.com").send().await;
    assert_eq!(partner.data(200)["total_earnings"], "9.80");
    assert_eq!((&partner.data(200)["signups"], &partner.data(200)["purchases"]), (&json!(1), &json!(1)));
}

#[sqlx::test(migrations = "../migrations")]
async fn every_wrong_field_is_told_at_once(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let other = crate::support::project(&pool).await;
    let foreign = affiliate(&pool, other.realm, "partner@example.com", "FOREIGN").await;
    let wrong = json!({"email": "ann", "affiliate_id": 0, "status": "gone", "stripe_customer_id": "cus_\u{0}",
                       "external_id": "a\u{0}b"});
    let answer = post(&api, &project, &wrong).await;
    let all = ["affiliate_id", "email", "external_id", "status", "stripe_customer_id"];
    assert_eq!(answer.fields().into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(all));
    let missing = post(&api, &project, &json!({})).await;
    assert_eq!(missing.error(400, "invalid_parameters"), "Missing required parameter: email");
    for (field, value) in [
        ("affiliate_id", json!(foreign)),
        ("referral_code", json!("FOREIGN")),
        ("referral_code", json!("nope")),
    ] {
        let answer = post(&api, &project, &json!({"email": "ann@example.com", field: value})).await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [field]);
    }
    affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let both = json!({"email": "ann@example.com", "referral_code": "REF1", "status": "direct"});
    assert_eq!(post(&api, &project, &both).await.fields(), ["status"]);
    api.delete(&project, "/api/v1/affiliates/partner%40example.com").send().await.data(200);
    let closed = post(&api, &project, &json!({"email": "ann@example.com", "referral_code": "REF1"})).await;
    assert_eq!(closed.fields(), ["referral_code"]);
    assert_eq!(count(&pool, "registrations").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn another_project_or_mode_sees_nothing(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let body = json!({"email": "ann@example.com"});
    let entered = post(&api, &project, &body).await.data(201).clone();
    let path = format!("{PATH}/ann%40example.com");
    let live = with_key(&pool, Realm { mode: Mode::Live, ..project.realm }).await;
    let stranger = crate::support::project(&pool).await;
    let _rules = settle_for(&pool, &stranger, 0).await;
    for stranger in [stranger, live] {
        api.get(&stranger, &path).send().await.error(404, "not_found");
        assert_eq!(api.get(&stranger, PATH).send().await.data(200), &json!([]));
        assert_ne!(post(&api, &stranger, &body).await.data(201)["id"], entered["id"]);
    }
    assert!(
        keys::revoke(&mut pool.acquire().await.unwrap(), project.realm.project, project.key_id)
            .await
            .unwrap()
    );
    let fresh = start(&pool).await;
    for call in
        [fresh.get(&project, PATH), fresh.get(&project, &path), fresh.post(&project, PATH, &body.to_string())]
    {
        call.send().await.error(401, "unauthorized");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_filtered_and_paged(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    for number in 1..=22 {
        let mut body = json!({"email": format!("{number}@example.com")});
        if number % 5 == 0 {
            body["affiliate_id"] = json!(owner);
        }
        if number == 10 {
            body["status"] = json!("converted");
        }
        post(&api, &project, &body).await.data(201);
    }
    let page = async |query: &str| {
        let answer = api.get(&project, &format!("{PATH}{query}")).send().await;
        let rows = answer.data(200).as_array().unwrap().iter();
        let names =
            rows.map(|row| row["user_email"].as_str().unwrap().trim_end_matches("@example.com").to_owned());
        (names.collect::<Vec<_>>(), answer.body["pagination"].clone())
    };
    let (rows, pagination) = page("").await;
    assert_eq!((rows.len(), rows[0].as_str()), (20, "22"));
    assert_eq!((&pagination["total"], &pagination["has_more"]), (&json!(22), &json!(true)));
    assert_eq!(page(&format!("?affiliate_id={owner}")).await.0, ["20", "15", "10", "5"]);
    assert_eq!(page(&format!("?affiliate_id={owner}&status=converted")).await.0, ["10"]);
    assert_eq!(page("?status=direct_signup&limit=2&offset=1").await.1["total"], 18);
    assert!(page("?status=direct").await.0.is_empty());
    let (mut seen, first) = page("?limit=8").await;
    post(&api, &project, &json!({"email": "newcomer@example.com"})).await.data(201);
    let mut next = first["next_cursor"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let (rows, pagination) = page(&format!("?limit=8&cursor={cursor}")).await;
        seen.extend(rows);
        next = pagination["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, (1..=22).rev().map(|number| number.to_string()).collect::<Vec<_>>());
    for query in ["limit=0", "limit=501", "offset=-1", "status=gone", "affiliate_id=x", "cursor=x"] {
        let answer = api.get(&project, &format!("{PATH}?{query}")).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [query.split('=').next().unwrap()]);
    }
}
