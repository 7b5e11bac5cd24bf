//! `/api/v1/coupons`

use crate::settling::{asked, set, settle_for, settled};
use crate::support::{Answer, Api, Project, affiliate, project, queued, start, with_key};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{PgPool, keys};

const PATH: &str = "/api/v1/coupons";

async fn post(api: &Api, project: &Project, body: &Value) -> Answer {
    api.post(project, PATH, &body.to_string()).send().await
}

fn at(coupon: &Value) -> String {
    format!("{PATH}/{}", coupon["id"])
}

#[sqlx::test(migrations = "../migrations")]
async fn a_coupon_is_entered_and_read(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let body = json!({"affiliate_id": ann, "coupon_code": " Save-10_x ", "stripe_coupon_id": "Co1",
                      "stripe_promotion_code_id": "promo_1", "lemonsqueezy_discount_code": "LS1"});
    let answer = post(&api, &project, &body).await;
    let entered = answer.data(201).clone();
    let expected = json!({
        "id": entered["id"], "project_id": project.realm.project.0, "affiliate_id": ann,
        "coupon_code": "Save-10_x", "stripe_coupon_id": "Co1", "stripe_promotion_code_id": "promo_1",
        "lemonsqueezy_discount_code": "LS1", "status": "active", "created_at": entered["created_at"],
        "affiliate_email": "ann@example.com", "affiliate_referral_code": "ANN",
    });
    assert_eq!(entered, expected);
    assert_eq!(answer.header("location"), at(&entered));
    assert_eq!(asked(&pool).await, (set(["save-10_x", "co1", "promo_1"]), set([])));
    assert_eq!(api.get(&project, &at(&entered)).send().await.data(200), &expected);
    api.get(&project, &format!("{PATH}/999")).send().await.error(404, "not_found");
    for id in ["0", "-1", "x", "99999999999999999999"] {
        let answer = api.get(&project, &format!("{PATH}/{id}")).send().await;
        answer.error(400, "invalid_parameters");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_is_taken_once_in_any_case(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let coupon = |code: &str| json!({"affiliate_id": ann, "coupon_code": code});
    let first = post(&api, &project, &coupon("SAVE")).await.data(201).clone();
    let taken = post(&api, &project, &coupon("save")).await;
    assert!(taken.error(409, "conflict").contains("coupon_code"));
    let other = post(&api, &project, &coupon("other")).await.data(201).clone();
    let renamed = api.put(&project, &at(&other), r#"{"coupon_code": "SaVe"}"#).send().await;
    renamed.error(409, "conflict");
    api.delete(&project, &at(&first)).send().await.data(200);
    assert_eq!(
        api.put(&project, &at(&other), r#"{"coupon_code": "SaVe"}"#).send().await.data(200)["coupon_code"],
        "SaVe"
    );
    let race = coupon("RACE");
    let answers = futures::future::join_all((0..10).map(|_| post(&api, &project, &race)));
    let statuses: Vec<u16> = answers.await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 9, "{statuses:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_wrong_field_is_told_at_once(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let other = crate::support::project(&pool).await;
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let foreign = affiliate(&pool, other.realm, "ann@example.com", "ANN").await;
    let wrong =
        json!({"affiliate_id": "x", "coupon_code": "a b", "status": "old", "stripe_coupon_id": "a\u{0}b"});
    let answer = post(&api, &project, &wrong).await;
    let all = BTreeSet::from(["affiliate_id", "coupon_code", "status", "stripe_coupon_id"]);
    assert_eq!(answer.fields().into_iter().collect::<BTreeSet<_>>(), all);
    let missing = post(&api, &project, &json!({})).await;
    assert_eq!(missing.fields(), ["affiliate_id", "coupon_code"]);
    for code in ["ab", "äbc", "a.b", &"x".repeat(256)] {
        let answer = post(&api, &project, &json!({"affiliate_id": ann, "coupon_code": code})).await;
        assert_eq!(answer.fields(), ["coupon_code"], "{code}");
    }
    for id in [foreign, 999] {
        let answer = post(&api, &project, &json!({"affiliate_id": id, "coupon_code": "SAVE"})).await;
        assert!(answer.error(400, "invalid_parameters").contains(&id.to_string()));
        assert_eq!(answer.fields(), ["affiliate_id"]);
    }
    let entered =
        post(&api, &project, &json!({"affiliate_id": ann, "coupon_code": "abc"})).await.data(201).clone();
    let answer = api.put(&project, &at(&entered), &wrong.to_string()).send().await;
    assert_eq!(answer.fields().into_iter().collect::<BTreeSet<_>>(), all);
    let answer = api.put(&project, &at(&entered), &json!({"affiliate_id": foreign}).to_string()).send().await;
    assert_eq!(answer.fields(), ["affiliate_id"]);
    api.delete(&project, "/api/v1/affiliates/ann%40example.com").send().await.data(200);
    let answer = post(&api, &project, &json!({"affiliate_id": ann, "coupon_code": "SAVE"})).await;
    assert_eq!(answer.fields(), ["affiliate_id"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_changes_what_it_names(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let bob = affiliate(&pool, project.realm, "bob@example.com", "BOB").await;
    let body =
        json!({"affiliate_id": ann, "coupon_code": "SAVE", "stripe_coupon_id": "co1", "status": "inactive"});
    let entered = post(&api, &project, &body).await.data(201).clone();
    asked(&pool).await;
    let put = async |body: Value| {
        api.put(&project, &at(&entered), &body.to_string()).send().await.data(200).clone()
    };
    assert_eq!(put(json!({})).await, entered);
    assert_eq!(put(json!({"lemonsqueezy_discount_code": "LS"})).await["lemonsqueezy_discount_code"], "LS");
    assert_eq!(asked(&pool).await, (set([]), set([])), "nothing that attributes changed");
    assert_eq!(put(json!({"status": "active"})).await["status"], "active");
    assert_eq!(asked(&pool).await, (set(["save", "co1"]), set([])));
    let renamed =
        put(json!({"coupon_code": "MORE", "stripe_coupon_id": null, "stripe_promotion_code_id": "promo_1"}))
            .await;
    assert_eq!((&renamed["id"], &renamed["stripe_coupon_id"]), (&entered["id"], &json!(null)));
    assert_eq!(asked(&pool).await, (set(["save", "co1", "more", "promo_1"]), set([])));
    let moved = put(json!({"affiliate_id": bob})).await;
    assert_eq!(
        (&moved["affiliate_email"], &moved["affiliate_referral_code"]),
        (&json!("bob@example.com"), &json!("BOB"))
    );
    let listed = api.get(&project, PATH).send().await;
    assert_eq!(listed.data(200), &json!([moved]), "what it was formerly is not listed");
    api.put(&project, &format!("{PATH}/999"), "{}").send().await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deleted_coupon_is_gone(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let entered =
        post(&api, &project, &json!({"affiliate_id": ann, "coupon_code": "SAVE"})).await.data(201).clone();
    asked(&pool).await;
    let deleted = api.delete(&project, &at(&entered)).send().await;
    assert_eq!(
        (&deleted.data(200)["id"], &deleted.data(200)["status"]),
        (&entered["id"], &json!("inactive"))
    );
    assert_eq!(asked(&pool).await, (set(["save"]), set([])));
    api.get(&project, &at(&entered)).send().await.error(404, "not_found");
    api.put(&project, &at(&entered), "{}").send().await.error(404, "not_found");
    api.delete(&project, &at(&entered)).send().await.error(404, "not_found");
    assert_eq!(api.get(&project, PATH).send().await.data(200), &json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn another_project_or_mode_sees_nothing(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let body = json!({"affiliate_id": ann, "coupon_code": "SAVE"});
    let entered = post(&api, &project, &body).await.data(201).clone();
    let live = with_key(&pool, Realm { mode: Mode::Live, ..project.realm }).await;
    for stranger in [crate::support::project(&pool).await, live] {
        api.get(&stranger, &at(&entered)).send().await.error(404, "not_found");
        api.put(&stranger, &at(&entered), "{}").send().await.error(404, "not_found");
        api.delete(&stranger, &at(&entered)).send().await.error(404, "not_found");
        assert_eq!(api.get(&stranger, PATH).send().await.data(200), &json!([]));
        assert_eq!(post(&api, &stranger, &body).await.fields(), ["affiliate_id"]);
    }
    assert!(
        keys::revoke(&mut pool.acquire().await.unwrap(), project.realm.project, project.key_id)
            .await
            .unwrap()
    );
    let fresh = start(&pool).await;
    fresh.get(&project, PATH).send().await.error(401, "unauthorized");
    post(&fresh, &project, &body).await.error(401, "unauthorized");
    for call in [
        fresh.get(&project, &at(&entered)),
        fresh.put(&project, &at(&entered), "{}"),
        fresh.delete(&project, &at(&entered)),
    ] {
        call.send().await.error(401, "unauthorized");
    }
    assert_eq!(queued(&pool).await.len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_filtered_and_paged(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let bob = affiliate(&pool, project.realm, "bob@example.com", "BOB").await;
    for number in 1..=52 {
        let owner = if number % 2 == 0 { bob } else { ann };
        let status = if number <= 3 { "inactive" } else { "active" };
        let body = json!({"affiliate_id": owner, "coupon_code": format!("Save_{number}"), "status": status});
        post(&api, &project, &body).await.data(201);
    }
    let page = async |query: &str| {
        let answer = api.get(&project, &format!("{PATH}{query}")).send().await;
        let rows = answer.data(200).as_array().unwrap().iter();
        let codes =
            rows.map(|row| row["coupon_code"].as_str().unwrap().trim_start_matches("Save_").to_owned());
        (codes.collect::<Vec<_>>(), answer.body["pagination"].clone())
    };
    let (rows, pagination) = page("").await;
    assert_eq!((rows.len(), rows[0].as_str()), (50, "52"));
    assert_eq!((&pagination["total"], &pagination["has_more"]), (&json!(52), &json!(true)));
    assert_eq!(page(&format!("?affiliate_id={bob}&status=inactive")).await.0, ["2"]);
    assert_eq!(page("?coupon_code=aVe_5").await.0, ["52", "51", "50", "5"]);
    assert!(page("?coupon_code=%25").await.0.is_empty(), "a part, not a pattern");
    assert_eq!(page("?limit=1&offset=51").await.0, ["1"]);
    let (mut seen, first) = page("?limit=20").await;
    post(&api, &project, &json!({"affiliate_id": ann, "coupon_code": "newcomer"})).await.data(201);
    let mut next = first["next_cursor"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let (rows, pagination) = page(&format!("?limit=20&cursor={cursor}")).await;
        seen.extend(rows);
        next = pagination["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, (1..=52).rev().map(|number| number.to_string()).collect::<Vec<_>>());
    for query in ["limit=0", "limit=501", "offset=-1", "status=old", "affiliate_id=0", "cursor=x"] {
        let answer = api.get(&project, &format!("{PATH}?{query}")).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [query.split('=').next().unwrap()]);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_is_judged_by_whose_the_coupon_was_at_its_time(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let bob = affiliate(&pool, project.realm, "bob@example.com", "BOB").await;
    let pay = async |number: u64, at: DateTime<Utc>| {
        let body = json!({"amount": 49, "email": format!("{number}@example.com"), "coupon_code_used": "save",
                          "occurred_at": at.to_rfc3339()});
        api.post(&project, "/api/v1/conversions", &body.to_string()).send().await.data(201);
    };
    let owners = async || {
        settled(&pool).await;
        sqlx::query_scalar::<_, Option<i64>>("SELECT affiliate_id FROM conversions ORDER BY occurred_at")
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    pay(1, Utc::now() - TimeDelta::hours(1)).await;
    assert_eq!(owners().await, [None], "it waits for the coupon");
    let coupon =
        post(&api, &project, &json!({"affiliate_id": ann, "coupon_code": "SAVE"})).await.data(201).clone();
    assert_eq!(owners().await, [Some(ann)]);
    api.put(&project, &at(&coupon), &json!({"affiliate_id": bob}).to_string()).send().await.data(200);
    pay(2, Utc::now()).await;
    assert_eq!(owners().await, [Some(ann), Some(bob)], "what was bound stays bound");
    api.put(&project, &at(&coupon), r#"{"coupon_code": "OTHER"}"#).send().await.data(200);
    pay(3, Utc::now()).await;
    assert_eq!(owners().await, [Some(ann), Some(bob), None], "nobody's now");
    api.put(&project, &at(&coupon), r#"{"coupon_code": "SAVE"}"#).send().await.data(200);
    assert_eq!(owners().await, [Some(ann), Some(bob), Some(bob)], "it waited for the next");
    api.put(&project, &at(&coupon), r#"{"status": "inactive"}"#).send().await.data(200);
    pay(4, Utc::now()).await;
    assert_eq!(owners().await, [Some(ann), Some(bob), Some(bob), None]);
    api.delete(&project, &at(&coupon)).send().await.data(200);
    assert_eq!(owners().await, [Some(ann), Some(bob), Some(bob), None]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_coupon_that_is_to_be_at_stripe_asks_for_its_promotion_code(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let mut body = json!({"affiliate_id": ann, "coupon_code": "TEN", "stripe": true});
    let refused = post(&api, &project, &body).await;
    assert!(refused.error(400, "invalid_parameters").contains("stripe_coupon_id"));
    body["stripe_coupon_id"] = json!("c_ten");
    let entered = post(&api, &project, &body).await.data(201).clone();
    let asked = async || {
        let asked = queued(&pool).await.into_iter().filter(|(headers, _)| headers["source"] == "promotion");
        asked.map(|(_, body)| serde_json::from_slice(&body).unwrap()).collect::<Vec<Value>>()
    };
    assert_eq!(asked().await, [json!({"coupon": entered["id"]})]);
    api.put(&project, &at(&entered), r#"{"lemonsqueezy_discount_code": "LS"}"#).send().await.data(200);
    assert_eq!(asked().await.len(), 1, "nothing of it is at Stripe");
    api.put(&project, &at(&entered), r#"{"status": "inactive"}"#).send().await.data(200);
    api.delete(&project, &at(&entered)).send().await.data(200);
    assert_eq!(asked().await.len(), 3);
}
