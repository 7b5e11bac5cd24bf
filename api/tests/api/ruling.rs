//! What people decide, and the programme: over REST.

use crate::settling::{settle_for, settled};
use crate::support::{Answer, project, start, with_key};
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_commission_is_held_rejected_and_released(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let post = async |path: &str, body: Value| -> Answer {
        let call = api.post(&project, &format!("/api/v1{path}"), &body.to_string());
        call.header("Prefer", "wait=4").send().await
    };
    post("/affiliates", json!({"email": "ann@example.com", "referral_code": "ANN"})).await.data(201);
    let sale = post("/conversions", json!({"amount": 50, "referral_code": "ANN"})).await;
    let path = format!("/conversions/{}", sale.data(201)["id"]);
    for (verb, status, value) in
        [("hold", "held", "10.00"), ("reject", "rejected", "0.00"), ("release", "attributed", "10.00")]
    {
        let decided = post(&format!("{path}/{verb}"), json!({"reason": "stolen card?"})).await;
        assert_eq!(decided.data(200)["status"], status, "{}", decided.text);
        assert_eq!(decided.data(200)["value"].to_string(), value, "{}", decided.text);
    }
    let story = api.get(&project, &format!("/api/v1{path}/explanation")).send().await;
    assert!(story.text.contains("stolen card?") && story.text.contains("\"test\""), "{}", story.text);
    let silent = post(&format!("{path}/hold"), json!({})).await;
    assert_eq!(silent.fields(), ["reason"]);
    post("/conversions/999/hold", json!({"reason": "x"})).await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_customer_is_locked_to_an_affiliate_to_nobody_and_unlocked(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let post = async |path: &str, body: Value| -> Answer {
        let call = api.post(&project, &format!("/api/v1{path}"), &body.to_string());
        call.header("Prefer", "wait=4").send().await
    };
    for name in ["ann", "ben"] {
        post("/affiliates", json!({"email": format!("{name}@example.com"), "referral_code": name}))
            .await
            .data(201);
    }
    post("/referrals", json!({"email": "cy@example.com", "referral_code": "ann"})).await.data(201);
    let sale = post("/conversions", json!({"amount": 50, "email": "cy@example.com"})).await;
    let path = format!("/api/v1/conversions/{}", sale.data(201)["id"]);
    let lock = async |body: Value| post("/referrals/cy%40example.com/lock", body).await;
    let owner = async || api.get(&project, &path).send().await.data(200)["affiliate_id"].clone();

    for (affiliate, id) in
        [(json!("ben@example.com"), json!(2)), (json!(1), json!(1)), (json!(null), json!(null))]
    {
        let locked = lock(json!({"affiliate": affiliate, "reason": "agreed"})).await;
        assert_eq!(locked.data(200)["affiliate_id"], id, "{}", locked.text);
        settled(&pool).await;
        assert_eq!(owner().await, id);
    }
    let unlocked = post("/referrals/cy%40example.com/unlock", json!({"reason": "a mistake"})).await;
    assert_eq!(unlocked.data(200)["affiliate_id"], 1);
    for (body, fields) in [
        (json!({"reason": "x"}), vec!["affiliate"]),
        (json!({"affiliate": "ben@example.com"}), vec!["reason"]),
        (json!({"affiliate": 77, "reason": "x"}), vec!["affiliate"]),
        (json!({"affiliate": "whoever", "reason": "x"}), vec!["affiliate"]),
    ] {
        assert_eq!(lock(body.clone()).await.fields(), fields, "{body}");
    }
    post("/referrals/nobody%40example.com/lock", json!({"affiliate": null, "reason": "x"}))
        .await
        .error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn rules_are_tried_changed_and_judged_by(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let post = async |path: &str, body: Value| -> Answer {
        let call = api.post(&project, &format!("/api/v1{path}"), &body.to_string());
        call.header("Prefer", "wait=4").send().await
    };
    post("/affiliates", json!({"email": "ann@example.com", "referral_code": "ANN"})).await.data(201);
    post(
        "/conversions",
        json!({"amount": 50, "referral_code": "ANN", "occurred_at": "2026-05-02T00:00:00Z"}),
    )
    .await
    .data(201);
    let rules = json!({"commission": "30%", "codes": {"ann": "40%"}});

    let tried = post("/program/simulate", json!({"rules": rules})).await;
    assert_eq!(tried.data(200)["affiliates"][0]["would_have_earned"], "20.00", "{}", tried.text);
    assert_eq!(tried.data(200)["totals"][0]["difference"], "10.00");
    assert_eq!(
        api.get(&project, "/api/v1/program").send().await.data(200)["version"],
        1,
        "nothing is written"
    );

    let changed = post("/program/rules", json!({"rules": rules, "from": "2026-05-01T00:00:00Z"})).await;
    assert_eq!(changed.data(201)["version"], 2);
    assert_eq!(changed.data(201)["rules"]["commission"], "30%");
    settled(&pool).await;
    let sale = api.get(&project, "/api/v1/conversions/1").send().await;
    assert_eq!(sale.data(200)["value"].to_string(), "20.00", "what happened since is judged again");
    assert_eq!(
        post("/program/rules", json!({"rules": rules})).await.data(200)["version"],
        2,
        "nothing changes"
    );

    let program = api.get(&project, "/api/v1/program").send().await;
    assert_eq!(program.data(200)["versions"].as_array().unwrap().len(), 2);
    assert_eq!(program.data(200)["rules"], changed.data(201)["rules"]);
    let before = api.get(&project, "/api/v1/program?at=2026-04-01T00:00:00Z").send().await;
    assert_eq!(before.data(200)["version"], 1);
    for (body, field) in [
        (json!({}), "rules"),
        (json!({"rules": {"commission": "20"}}), "rules"),
        (json!({"rules": {"comission": "20%"}}), "rules"),
        (json!({"rules": {"commission": "25%"}, "from": "2026-04-01T00:00:00Z"}), "from"),
        (json!({"rules": rules, "from": "2026-06-01T00:00:00Z"}), "from"),
    ] {
        let refused = post("/program/rules", body.clone()).await;
        refused.error(400, "invalid_parameters");
        assert_eq!(refused.fields(), [field], "{body}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn rules_of_a_live_project_are_changed_with_a_live_key(pool: PgPool) {
    let (api, test) = (start(&pool).await, project(&pool).await);
    let change = |commission: &str| json!({"rules": {"commission": commission}}).to_string();
    api.post(&test, "/api/v1/program/rules", &change("20%")).send().await.data(201);
    let live = with_key(&pool, Realm { mode: Mode::Live, ..test.realm }).await;
    api.post(&test, "/api/v1/program/rules", &change("30%")).send().await.error(403, "forbidden");
    api.post(&live, "/api/v1/program/rules", &change("30%")).send().await.data(201);
}
